//! Calls beyond the built-in ones, as a project would add them: the format must fit them too.

use super::*;

const HEAD: &str = "summary: A call\ndocumentation: thin\npage: { title: A page }\nmethod: POST\n";

fn action(name: &str, rest: &str) -> Arc<Action> {
    let text = format!("name: {name}\n{HEAD}{rest}");
    let (catalogue, found) = project(&[(name, &text)]);
    let lines: Vec<String> = found.iter().map(line).collect();
    assert!(lines.is_empty(), "{lines:#?}");
    catalogue.get(name).unwrap()
}

#[test]
fn a_query_string_without_a_body() {
    let action = action(
        "token.query",
        r#"
effect: read
path: /server/API/v2/token/tokenInformation.php
encoding: none
query: { operation: "{{ target.operation }}" }
params: { type: object, additionalProperties: false }
response: { type: object }
outputs: { available: "{{ response.data.available_consumition_options }}" }
examples:
  - name: what is left
    with: {}
    query: { operation: sandbox }
    answer: { code: "200", data: { available_consumition_options: 4800 } }
    outputs: { available: 4800 }
"#,
    );
    let target = action.examples()[0].target();
    assert_eq!(action.body(&nothing(), &target).unwrap(), None);
    assert_eq!(
        action.query(&nothing(), &target).unwrap(),
        [("operation".to_owned(), "sandbox".to_owned())]
    );
}

#[test]
fn an_answer_that_is_a_bare_array_and_pages() {
    let action = action(
        "record.query_dates",
        r#"
effect: read
path: /server/API/v2/custom/queryDates.php
encoding: json
answer: either
params:
  type: object
  additionalProperties: false
  required: [module, from]
  properties:
    module: { type: string, description: the module }
    from: { type: string, format: query-datetime, description: the beginning }
    limit: { type: integer, minimum: 1, maximum: 250, description: records a page }
    page: { type: integer, minimum: 1, description: the page }
body:
  operation: "{{ target.operation }}"
  module: "{{ with.module }}"
  date: true
  from: "{{ with.from }}"
  limit: "{{ with.limit | default(250) }}"
  page: "{{ with.page }}"
request: { type: object, properties: { date: { const: true }, limit: { type: integer } } }
response: { type: [object, array] }
outputs:
  records: "{{ response if response is sequence else response.data }}"
  total: "{{ response['Total records'] }}"
paging: { page: page, limit: limit, max_limit: 250, records: "{{ response.data }}", total_pages: "{{ response['Total pages'] }}" }
examples:
  - name: a bare array
    with: { module: contacts, from: "2026-05-23 00:00" }
    body: { operation: sandbox, module: contacts, date: true, from: "2026-05-23 00:00", limit: 250 }
    answer: [{ wolkvox_id: a }]
    outputs: { records: [{ wolkvox_id: a }] }
  - name: an envelope
    with: { module: contacts, from: "2026-05-23 00:00", limit: 10, page: 2 }
    body: { operation: sandbox, module: contacts, date: true, from: "2026-05-23 00:00", limit: 10, page: 2 }
    answer: { code: "200", data: [{ wolkvox_id: a }], Total records: 11 }
    outputs: { records: [{ wolkvox_id: a }], total: 11 }
"#,
    );
    assert!(
        action.accepts(&json("[]")) && action.accepts(&json("{}")) && !action.accepts(&json("1"))
    );
    assert_eq!(action.paging().unwrap().max_limit, 250);
    assert_ne!(
        action.check_params(&json(r#"{"module":"m","from":"2026-05-23"}"#)),
        []
    );
}

#[test]
fn many_records_with_their_ids_among_their_fields() {
    let action = action(
        "record.update_many",
        r#"
effect: update
path: /server/API/v2/custom/updateMany.php
encoding: json
items: records
max_items: 2
params:
  type: object
  additionalProperties: false
  required: [module, records]
  properties:
    module: { type: string, description: the module }
    records:
      type: array
      minItems: 1
      description: the records
      items:
        type: object
        additionalProperties: false
        required: [wolkvox_id, fields]
        properties:
          wolkvox_id: { type: string, pattern: \S, description: the id }
          fields: { type: object, minProperties: 1, description: the fields }
body:
  operation: "{{ target.operation }}"
  module: "{{ with.module }}"
  fields:
    $each: "{{ with.records }}"
    $item: { wolkvox-id: "{{ item.wolkvox_id }}", $merge: "{{ item.fields }}" }
request: { type: object }
response: { type: object }
outputs: { count: "{{ with.records | length }}" }
examples:
  - name: two records
    with:
      module: contacts
      records: [{ wolkvox_id: a, fields: { x: 1.10 } }, { wolkvox_id: b, fields: { y: "" } }]
    body:
      operation: sandbox
      module: contacts
      fields: [{ wolkvox-id: a, x: 1.10 }, { wolkvox-id: b, y: "" }]
    answer: { code: 200, error: "null", msg: Succesfully edit record x, data: [] }
    outputs: { count: 2 }
"#,
    );
    let target = action.examples()[0].target();
    let taken =
        json(r#"{"module":"m","records":[{"wolkvox_id":"a","fields":{"wolkvox-id":"b"}}]}"#);
    let error = action.body(&taken, &target).unwrap_err();
    assert_eq!(error.pointer, "/fields/0");
    assert_eq!(
        error.message,
        "`wolkvox-id` is set by the action and cannot be given"
    );
    let row = r#"{"wolkvox_id":"a","fields":{"x":1}}"#;
    let three = json(&format!(
        r#"{{"module":"m","records":[{row},{row},{row}]}}"#
    ));
    assert_eq!(action.item_count(&three), 3);
    assert_eq!(
        action.check_params(&three)[0].message,
        "`records` must have at most 2 items in one call"
    );
}

#[test]
fn a_bulk_call_that_refuses_rows_and_still_answers_200() {
    let action = action(
        "collection.upsert_many",
        r#"
effect: create
path: /server/API/v2/collections/massiveCollections.php
encoding: json
items: collections
max_items: 500
params:
  type: object
  additionalProperties: false
  required: [collections]
  properties:
    collections: { type: array, minItems: 1, items: { type: object }, description: the debtors }
body: { operation: "{{ target.operation }}", collections: "{{ with.collections }}" }
request: { type: object }
response: { type: object, required: [code] }
success: response.success and response.summary.failed_count == 0 and response.summary.successful_inserts == with.collections | length
outputs:
  inserted: "{{ response.summary.successful_inserts }}"
  failures: "{{ response.summary.failed_Sumary }}"
examples:
  - name: all
    with: { collections: [{ Name: a }] }
    body: { operation: sandbox, collections: [{ Name: a }] }
    answer: { code: "200", success: true, summary: { successful_inserts: 1, failed_count: 0, failed_Sumary: [] } }
    success: true
    outputs: { inserted: 1, failures: [] }
  - name: one refused
    with: { collections: [{ Name: a }, { Name: b }] }
    answer: { code: "200", success: true, summary: { successful_inserts: 1, failed_count: 1, failed_Sumary: [x] } }
    success: false
"#,
    );
    let with = json(r#"{"collections":[{}]}"#);
    let told = action.seen(&json(r#"{"code":200}"#), &with).success();
    assert!(told.unwrap_err().into_reason().contains("success"));
}

#[test]
fn a_create_that_says_which_read_settles_it() {
    let find = format!(
        "name: thing.find\n{HEAD}{}",
        r#"
effect: read
path: /server/API/v2/things/find.php
encoding: json
params:
  type: object
  additionalProperties: false
  properties: { value: { type: string, description: what to find } }
body: { operation: "{{ target.operation }}", value: "{{ with.value }}" }
request: { type: object }
response: { type: object }
outputs:
  records: "{{ response.data }}"
  ids: { value: "{{ response.data | map(attribute='wolkvox_id') | list }}", id: true }
examples:
  - name: found
    with: { value: x }
    answer: { code: "200", data: [{ wolkvox_id: "1" }, { wolkvox_id: "2" }] }
    outputs: { records: [{ wolkvox_id: "1" }, { wolkvox_id: "2" }], ids: ["1", "2"] }
"#
    );
    let make = format!(
        "name: thing.make\n{HEAD}{}",
        r#"
effect: create
path: /server/API/v2/things/make.php
encoding: json
params:
  type: object
  additionalProperties: false
  properties: { reference: { type: string, description: a reference of our own } }
body: { operation: "{{ target.operation }}", reference: "{{ with.reference }}" }
request: { type: object }
response: { type: object }
outputs: {}
lookup:
  action: thing.find
  with: { value: "{{ with.reference }}" }
  same: found.reference == with.reference
  description: the reference is unique
examples:
  - { name: one, with: { reference: r } }
"#
    );
    let (catalogue, found) = project(&[("thing.make", &make), ("thing.find", &find)]);
    assert_eq!(found, []);
    let lookup = catalogue.get("thing.make").unwrap();
    let lookup = lookup.lookup().unwrap();
    let with = lookup.with(&json(r#"{"reference":"r 1"}"#)).unwrap();
    assert_eq!(with, json(r#"{"value":"r 1"}"#));
    assert_eq!(
        catalogue.get(&lookup.action).unwrap().check_params(&with),
        []
    );
}
