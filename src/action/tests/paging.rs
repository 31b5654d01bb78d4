//! Page after page: which follows, and what they give together.

use super::*;

const QUERY: &str = r#"name: thing.query
summary: A call
documentation: thin
page: { title: A page }
effect: read
method: POST
path: /server/API/v2/things/query.php
encoding: json
params:
  type: object
  additionalProperties: false
  properties:
    limit: { type: integer, maximum: 9, description: records a page }
    page: { type: [integer, string], description: the page }
body: { operation: "{{ target.operation }}" }
request: { type: object }
response: { type: object }
outputs:
  records: "{{ response.data }}"
  ids: { value: "{{ response.ids }}", id: true }
  names: "{{ response.names }}"
  total: "{{ response.total }}"
paging: { page: page, limit: limit, max_limit: 2, records: "{{ response.data }}", total_pages: "{{ response.pages }}" }
examples: [{ name: one, with: {} }]
"#;

fn query() -> Arc<Action> {
    let (catalogue, found) = project(&[("thing.query", QUERY)]);
    assert!(
        found.is_empty(),
        "{:?}",
        found.iter().map(line).collect::<Vec<_>>()
    );
    catalogue.get("thing.query").unwrap()
}

/// Takes these answers in turn; what each says, and the page that was asked for last.
fn turns(with: &str, answers: &[&str]) -> (Vec<Result<Turn, String>>, Value) {
    let action = query();
    let mut with = json(with);
    let mut pages = Pages::begin(&action, &with).unwrap().unwrap();
    let mut turns = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            pages.turn(&mut with);
        }
        turns.push(pages.take(&action.seen(&json(answer), &with)));
    }
    (turns, with.get("page").cloned().unwrap_or_default())
}

#[test]
fn the_answer_says_which_page_is_the_last() {
    use Turn::{Empty, Last, Next};
    for (answer, wanted) in [
        (r#"{"data":[1,2]}"#, Next(None)),
        (r#"{"data":[1]}"#, Last),
        (r#"{"data":[]}"#, Empty(None)),
        (r#"{"data":[1],"pages":2}"#, Next(Some(2))),
        (r#"{"data":[1,2],"pages":"1"}"#, Last),
        (r#"{"data":[],"pages":9}"#, Empty(Some(9))),
        (r#"{"data":[],"pages":1}"#, Empty(None)),
    ] {
        assert_eq!(turns("{}", &[answer]).0, [Ok(wanted)], "{answer}");
    }
    // A smaller page is full with less.
    assert_eq!(
        turns(r#"{"limit":1}"#, &[r#"{"data":[1]}"#]).0,
        [Ok(Next(None))]
    );
    for answer in [r#"{"data":"x"}"#, "{}"] {
        let error = turns("{}", &[answer]).0.remove(0).unwrap_err();
        assert!(error.contains("cannot be told"), "{answer}: {error}");
    }
}

#[test]
fn pages_are_counted_from_the_one_that_is_given_in_its_spelling() {
    let pages = [r#"{"data":[1,2]}"#, r#"{"data":[3,4]}"#];
    assert_eq!(turns("{}", &pages).1, json("2"));
    assert_eq!(turns(r#"{"page":4}"#, &pages).1, json("5"));
    assert_eq!(turns(r#"{"page":"4"}"#, &pages).1, json(r#""5""#));
    let action = query();
    let error = Pages::begin(&action, &json(r#"{"page":"x"}"#)).unwrap_err();
    assert!(error.contains("`page` is no whole number"), "{error}");
    let missing = |given: &'static str| action.beginning_of_pages(move |name| name == given);
    let named = |name: &str, value: u64| (name.to_owned(), Value::from(value));
    assert_eq!(missing(""), [named("limit", 2), named("page", 1)]);
    assert_eq!(missing("page"), [named("limit", 2)]);
}

#[test]
fn a_page_that_comes_again_is_an_error() {
    let full = r#"{"data":[{"wolkvox_id":"1"},{"wolkvox_id":"2"}],"pages":9}"#;
    let error = turns("{}", &[full, full]).0.remove(1).unwrap_err();
    assert!(error.contains("it begins with the same record"), "{error}");
}

/// What these answers give together, and how much of it stood on two of them.
fn joined(answers: &[&str]) -> (Outputs, u64) {
    let action = query();
    let mut joined = Joined::default();
    for answer in answers {
        joined.add(&action, action.seen(&json(answer), &nothing()).outputs());
    }
    let repeated = joined.repeated();
    (joined.into_outputs(), repeated)
}

#[test]
fn lists_are_joined_and_all_else_is_the_first_pages() {
    let (outputs, repeated) = joined(&[
        r#"{"data":[{"wolkvox_id":"1"},{"wolkvox_id":"1"}],"ids":["1","1"],"names":["a","a"],"total":4}"#,
        r#"{"data":[{"wolkvox_id":"1"},{"wolkvox_id":"2"},{}],"ids":["1",2],"names":["a"],"total":5}"#,
    ]);
    assert_eq!(
        Value::Map(outputs.values),
        json(
            r#"{"records":[{"wolkvox_id":"1"},{"wolkvox_id":"1"},{"wolkvox_id":"2"},{}],"ids":["1","1","2"],"names":["a","a","a"],"total":4}"#
        )
    );
    assert_eq!((outputs.blank, repeated), (vec![], 1));
}

#[test]
fn a_list_of_ids_with_a_gap_is_no_list_of_all() {
    let (outputs, _) = joined(&[
        r#"{"data":[1],"ids":["1"]}"#,
        r#"{"data":[2],"ids":[" "]}"#,
        r#"{"data":[3],"ids":["3"]}"#,
    ]);
    assert_eq!(Value::Map(outputs.values), json(r#"{"records":[1,2,3]}"#));
    assert_eq!(outputs.blank, ["ids"]);
    // Nor is one whose first page has none.
    let (outputs, _) = joined(&[r#"{"data":[1]}"#, r#"{"data":[2],"ids":["2"]}"#]);
    assert_eq!(outputs.blank, ["ids"]);
    assert!(!outputs.values.contains_key("ids"));
}
