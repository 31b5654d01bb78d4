//! What a look-up asks for, page by page, and which of the records that it finds is the one.

use super::*;

const HEAD: &str = "summary: A call\ndocumentation: thin\npage: { title: A page }\nmethod: POST\nencoding: json\nbody: { operation: \"{{ target.operation }}\" }\nrequest: { type: object }\nresponse: { type: [object, array] }\noutputs: {}\n";

const FIND: &str = r"name: thing.find
effect: read
answer: either
path: /server/API/v2/things/find.php
params:
  type: object
  additionalProperties: false
  required: [value]
  properties:
    value: { type: string, pattern: \S, description: what to find }
    limit: { type: integer, maximum: 2, description: records a page }
    page: { type: integer, description: the page }
examples: [{ name: one, with: { value: x } }]
";

const PAGES: &str = "paging: { page: page, limit: limit, max_limit: 2, records: \"{{ response.data }}\", total_pages: \"{{ response.pages }}\" }\n";

const MAKE: &str = r#"name: thing.make
effect: create
path: /server/API/v2/things/make.php
params:
  type: object
  additionalProperties: false
  properties:
    reference: { type: string, description: a reference of our own }
    other: { type: string, description: something else }
examples: [{ name: one, with: { reference: r } }]
lookup:
  action: thing.find
  with: { value: "{{ with.reference }}" }
  same: found.reference == with.reference
"#;

/// The creating and the reading action.
fn actions(make: &str, pages: &str) -> (Arc<Action>, Arc<Action>) {
    let make = format!("{make}{HEAD}");
    let find = format!("{FIND}{HEAD}{pages}");
    let (catalogue, found) = project(&[("thing.make", &make), ("thing.find", &find)]);
    let lines: Vec<String> = found.iter().map(line).collect();
    assert!(lines.is_empty(), "{lines:#?}");
    let get = |name| catalogue.get(name).unwrap();
    (get("thing.make"), get("thing.find"))
}

/// Gives these answers in turn; what was asked for each, and the ids that are the one.
fn search(pages: &str, answers: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
    let (make, find) = actions(MAKE, pages);
    let with = json(r#"{"reference":"r"}"#);
    let mut search = Search::new(make.lookup().unwrap(), &find, &with)?;
    let mut asked = Vec::new();
    for answer in answers {
        asked.push(search.ask().to_json_text());
        if !search.take(&json(answer))? {
            let same = search.same().iter();
            let same = same.map(|record| record_id(record).unwrap_or_default());
            return Ok((asked, same.collect()));
        }
    }
    panic!("it asks for more than {} answers", answers.len());
}

fn ids(pages: &str, answers: &[&str]) -> Vec<String> {
    let (asked, ids) = search(pages, answers).unwrap();
    assert_eq!(asked.len(), answers.len());
    ids
}

const OTHER: &str = r#"{"wolkvox_id":"1","reference":"R"}"#;
const THIRD: &str = r#"{"wolkvox_id":"3","reference":"q"}"#;
const ONE: &str = r#"{"wolkvox_id":"2","reference":"r"}"#;

fn page(records: &[&str], more: &str) -> String {
    format!("{{\"data\":[{}]{more}}}", records.join(","))
}

#[test]
fn without_pages_one_answer_says_it() {
    assert_eq!(ids("", &[&page(&[OTHER, ONE], "")]), ["2"]);
    assert_eq!(ids("", &[&page(&[OTHER], "")]), [""; 0]);
    assert_eq!(ids("", &[&format!("[{OTHER},{ONE}]")]), ["2"]);
    assert_eq!(ids("", &[&format!("{{\"data\":{ONE}}}")]), ["2"]);
    let (asked, _) = search("", &["[]"]).unwrap();
    assert_eq!(asked, [r#"{"value":"r"}"#]);
}

#[test]
fn what_is_no_list_of_records_says_nothing() {
    for answer in [
        "{}",
        r#"{"data":null}"#,
        r#"{"data":"x"}"#,
        r#"{"data":{}}"#,
    ] {
        let error = search("", &[answer]).unwrap_err();
        assert!(error.contains("in place of a list"), "{answer}: {error}");
    }
    let error = search("", &[&page(&[r#"{"wolkvox_id":"2"}"#, ONE], "")]).unwrap_err();
    assert!(error.contains("`same` cannot be told"), "{error}");
    let error = search("", &[&page(&[OTHER], ",\"page\":1,\"Total pages\":3")]).unwrap_err();
    assert!(error.contains("has 3 pages"), "{error}");
}

#[test]
fn pages_end_where_the_answer_says_so_or_one_is_not_full() {
    let full = page(&[OTHER, THIRD], "");
    let (asked, same) = search(PAGES, &[&full, &page(&[ONE], "")]).unwrap();
    assert_eq!(same, ["2"]);
    assert_eq!(
        asked,
        [
            r#"{"value":"r","limit":2,"page":1}"#,
            r#"{"value":"r","limit":2,"page":2}"#
        ]
    );
    // Never the page after the last one.
    assert_eq!(ids(PAGES, &[&page(&[OTHER, ONE], ",\"pages\":1")]), ["2"]);
    assert_eq!(
        ids(PAGES, &[&page(&[OTHER, ONE], ",\"pages\":\"1\"")]),
        ["2"]
    );
    // What says that there is more is believed, though the page is not full.
    let first = page(&[OTHER], ",\"pages\":2");
    assert_eq!(ids(PAGES, &[&first, &page(&[ONE], ",\"pages\":2")]), ["2"]);
    assert_eq!(ids(PAGES, &[&full, &page(&[], "")]), [""; 0]);
}

#[test]
fn a_record_that_moved_to_the_next_page_is_one_record() {
    let first = page(&[OTHER, ONE], "");
    assert_eq!(ids(PAGES, &[&first, &page(&[ONE], "")]), ["2"]);
    let again = r#"{"wolkvox_id":"9","reference":"r"}"#;
    assert_eq!(ids(PAGES, &[&first, &page(&[again], "")]), ["2", "9"]);
    // Two are enough to know.
    assert_eq!(ids(PAGES, &[&page(&[again, ONE], "")]), ["9", "2"]);
}

#[test]
fn pages_without_an_end_are_noticed() {
    let full = page(&[OTHER, THIRD], "");
    let error = search(PAGES, &[&full, &full]).unwrap_err();
    assert!(error.contains("over and over"), "{error}");
    let answers: Vec<String> = (0..30)
        .map(|number| {
            let record = format!(r#"{{"wolkvox_id":"a{number}","reference":"q"}}"#);
            page(&[&record, OTHER], "")
        })
        .collect();
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let error = search(PAGES, &answers).unwrap_err();
    assert!(error.contains("more than 20 pages"), "{error}");
}

#[test]
fn a_lookup_without_its_key_asks_for_nothing() {
    let (make, find) = actions(MAKE, PAGES);
    let with = json("{}");
    let error = Search::new(make.lookup().unwrap(), &find, &with).unwrap_err();
    assert!(error.contains("do not fit thing.find"), "{error}");
    let with = json(r#"{"reference":" "}"#);
    assert!(Search::new(make.lookup().unwrap(), &find, &with).is_err());
}

#[test]
fn a_lookup_knows_which_parameters_it_needs() {
    let needs = |make: &str| {
        let (make, _) = actions(make, "");
        let names = ["reference".to_owned(), "other".to_owned()];
        let needs = make.lookup().unwrap().needs(&names);
        needs.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(needs(MAKE), ["reference"]);
    let same = MAKE.replace("== with.reference", "== with.other");
    assert_eq!(needs(&same), ["reference", "other"]);
    let whole = MAKE.replace("\"{{ with.reference }}\"", "\"{{ with | tojson }}\"");
    assert_eq!(needs(&whole), ["reference", "other"]);
}
