#![expect(
    clippy::disallowed_methods,
    reason = "the tests write the files that they read"
)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

const CSV: Format = Format::Csv { delimiter: None };

/// A folder with one file in it.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(bytes: impl AsRef<[u8]>) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    std::fs::write(&path, bytes).unwrap();
    File {
        _folder: folder,
        path,
    }
}

fn rows(bytes: impl AsRef<[u8]>, format: &Format) -> Vec<Result<Row, RowError>> {
    open(&file(bytes).path, "data", format).unwrap().collect()
}

/// Every row as JSON, which shows order, types and digits; an error as its text.
fn shown(bytes: impl AsRef<[u8]>, format: &Format) -> Vec<String> {
    let rows = rows(bytes, format).into_iter();
    rows.map(|row| match row {
        Ok(row) => format!(
            "{}@{} {}",
            row.number,
            row.line.unwrap(),
            row.value.to_json_text()
        ),
        Err(error) => error.to_string(),
    })
    .collect()
}

fn refusal(bytes: impl AsRef<[u8]>, format: &Format) -> Diagnostic {
    let mut findings = open(&file(bytes).path, "data", format).unwrap_err();
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

fn utf_16(text: &str, is_little: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| {
            if is_little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

/// The text in every encoding that is found out.
fn encodings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let marked = format!("\u{feff}{text}");
    vec![
        ("UTF-8", text.into()),
        ("UTF-8 with a mark", marked.clone().into()),
        ("UTF-16LE with a mark", utf_16(&marked, true)),
        ("UTF-16BE with a mark", utf_16(&marked, false)),
        ("UTF-16LE", utf_16(text, true)),
        ("UTF-16BE", utf_16(text, false)),
        (
            "windows-1252",
            encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        ),
    ]
}

#[test]
fn every_encoding_with_every_delimiter_and_line_end() {
    for delimiter in [',', ';', '\t', '|'] {
        for end in ["\n", "\r\n", "\r"] {
            let text = "id#año#note@00123456789012345678#Muñoz, «A»; €#\"a@\"\"b\"\"\"@@007##x@"
                .replace('#', &delimiter.to_string())
                .replace('@', end)
                .replace("Muñoz, «A»; €", "\"Muñoz, «A»; €\"");
            let note = Value::from(format!("a{end}\"b\"")).to_json_text();
            let expected = [
                format!(
                    r#"1@2 {{"id":"00123456789012345678","año":"Muñoz, «A»; €","note":{note}}}"#
                ),
                r#"2@5 {"id":"007","año":"","note":"x"}"#.to_owned(),
            ];
            for (name, bytes) in encodings(&text) {
                assert_eq!(
                    shown(&bytes, &CSV),
                    expected,
                    "{name} {delimiter:?} {end:?}"
                );
                let data = file(&bytes);
                let rows = open(&data.path, "data", &CSV).unwrap();
                assert_eq!(rows.columns().unwrap(), ["id", "año", "note"]);
                assert_eq!(rows.delimiter, Some(delimiter as u8));
            }
        }
    }
}

#[test]
fn the_line_of_spreadsheets_that_names_the_delimiter() {
    assert_eq!(
        shown("sep=|\r\nid|a,b\r\n1|2\r\n", &CSV),
        [r#"1@3 {"id":"1","a,b":"2"}"#]
    );
    let data = file(utf_16("\u{feff}sep=;\nañ;b\n1;2\n", true));
    let rows = open(&data.path, "data", &CSV).unwrap();
    assert_eq!(rows.columns().unwrap(), ["añ", "b"]);
}

#[test]
fn a_ragged_row_is_an_error_and_the_next_one_is_read() {
    let found = shown(
        "id,name,city\n1,a,b\n2,a\n\n3,a,b,c\n4,\"a\nb\",c\n5,x,y\n",
        &CSV,
    );
    assert_eq!(
        found,
        [
            r#"1@2 {"id":"1","name":"a","city":"b"}"#,
            "row 2 (line 3), column 3 `city`: this row has 2 cells and the header has 3; put a cell that holds the delimiter or a line end in double quotes",
            "row 3 (line 5), column 4: this row has 4 cells and the header has 3; put a cell that holds the delimiter or a line end in double quotes",
            r#"4@6 {"id":"4","name":"a\nb","city":"c"}"#,
            r#"5@8 {"id":"5","name":"x","city":"y"}"#,
        ]
    );
}

#[test]
fn a_bad_quote_is_an_error_and_an_open_one_ends_the_rows() {
    let found = shown("id,name\n1,\"a\"b\n2,c\n3,\"d\n4,e\n", &CSV);
    assert_eq!(found.len(), 3);
    assert!(found[0].starts_with("row 1 (line 2), column 2 `name`: text stands behind the quote"));
    assert_eq!(found[1], r#"2@3 {"id":"2","name":"c"}"#);
    assert!(
        found[2].starts_with("row 3 (line 4), column 2 `name`: the quote that opens this cell")
    );
}

#[test]
fn characters_that_cannot_be_right_are_errors_of_their_row() {
    let found = shown("id,name\n1,a\0b\n2,Mu\u{fffd}oz\n3,c\n", &CSV);
    assert!(found[0].contains("column 2 `name`: it holds a zero byte"));
    assert!(found[1].contains("was lost"));
    assert_eq!(found[2], r#"3@4 {"id":"3","name":"c"}"#);
    // 0x81 is nothing in windows-1252; a half character at the end of UTF-16 is lost.
    let found = shown(b"id,name\n1,Mu\xf1oz\n2,\x81\n", &CSV);
    assert!(found[0].contains("Muñoz"));
    assert!(found[1].contains("byte 0x81 in it means nothing"));
    let mut cut = utf_16("\u{feff}id,name\n1,a", true);
    cut.push(0x41);
    assert!(shown(cut, &CSV)[0].contains("was lost"));
}

#[test]
fn a_late_byte_that_is_not_utf_8_never_changes_how_the_file_is_read() {
    let mut text = b"id,name\n".to_vec();
    let mut count = 0;
    while text.len() < 1024 * 1024 {
        text.extend_from_slice("1,Peña\n".as_bytes());
        count += 1;
    }
    text.extend_from_slice(b"2,Mu\xf1oz\n");
    text.extend_from_slice("3,Muñoz\n".as_bytes());
    let found = rows(&text, &CSV);
    assert_eq!(found.len(), count + 2);
    let error = found[count].as_ref().unwrap_err();
    assert_eq!(error.number, count as u64 + 1);
    assert_eq!(error.line, Some(count as u64 + 2));
    assert_eq!(error.column_name.as_deref(), Some("name"));
    assert_eq!(error.message, "byte 0xF1 in it is not UTF-8");
    assert_eq!(*error.cells, ["2", "Mu\u{fffd}oz"]);
    assert_eq!(
        found[count + 1]
            .as_ref()
            .unwrap()
            .value
            .get("name")
            .unwrap(),
        &Value::from("Muñoz")
    );
}

#[test]
fn headers_that_cannot_be_used() {
    for (text, message, place) in [
        (
            "id,name,id\n",
            "data, column 3: `id` is already the header of column 1",
            "data:1:1",
        ),
        (
            "\n\nid, ,b\n",
            "data, column 2: the header of this column is blank",
            "data:3:1",
        ),
        (
            "id,name,\n1,2,3\n",
            "data, column 3: the header of this column is blank",
            "data:1:1",
        ),
        (
            "_row,_step,_outcome,_code,_message\n1,2,3,4,5\n",
            "data, column 1: there is no column but those that an account of rows adds",
            "data:1:1",
        ),
        (
            "id,\"a\"b\n",
            "the header, column 2: text stands behind the quote that closes the cell",
            "data:1:1",
        ),
    ] {
        let finding = refusal(text, &CSV);
        assert_eq!(finding.message, message);
        assert_eq!(finding.place.unwrap().to_string(), place, "{text:?}");
    }
    assert_eq!(refusal("", &CSV).message, "data is empty");
    assert_eq!(refusal("\u{feff}\n\n", &CSV).message, "data is empty");
}

#[test]
fn files_that_are_something_else() {
    let book = std::fs::read(workbook()).unwrap();
    assert!(refusal(&book, &CSV).help.unwrap().contains("xlsx:"));
    assert!(
        refusal(&book, &Format::Jsonl)
            .help
            .unwrap()
            .contains("xlsx:")
    );
    assert!(
        refusal(b"\xff\xfe\0\0i\0\0\0", &CSV)
            .message
            .contains("UTF-32")
    );
    let none = open(Path::new("nowhere/x.csv"), "x.csv", &CSV).unwrap_err();
    assert_eq!(none[0].message, "there is no file x.csv");
    let sheet = Format::Xlsx { sheet: None };
    assert!(
        refusal("id,name\n", &sheet)
            .message
            .contains("cannot be read as a workbook")
    );
    let quote = Format::Csv {
        delimiter: Some(b'"'),
    };
    assert!(
        refusal("a\n", &quote)
            .message
            .contains("cannot stand between cells")
    );
}

#[test]
fn columns_of_account_files_are_ignored() {
    assert_eq!(
        shown(
            "id,_more,_row,_step,_outcome,_code,_message,_raw\n7,,1,a,failed,x,y,\n",
            &CSV
        ),
        [r#"1@2 {"id":"7"}"#]
    );
    let of_account = r#"{"_row":1,"_outcome":"failed","_code":3,"_message":"m","b":2}"#;
    assert_eq!(shown(of_account, &Format::Jsonl), [r#"1@1 {"b":2}"#]);
    let list = format!("[{of_account}]");
    assert_eq!(shown(&list, &Format::Json), [r#"1@1 {"b":2}"#]);
    assert_eq!(
        shown(format!("- {of_account}\n"), &Format::Yaml),
        [r#"1@1 {"b":2}"#]
    );
    // Without the whole set, at the end, it is no account; and the ids of one are what the next playbook wants.
    assert_eq!(
        shown(
            "id,_row,_step,_outcome,_code,_message,own\n7,,,,,,1\n",
            &CSV
        ),
        [r#"1@2 {"id":"7","_row":"","_step":"","_outcome":"","_code":"","_message":"","own":"1"}"#]
    );
    assert_eq!(
        shown("_row,_message\n1,hello\n", &CSV),
        [r#"1@2 {"_row":"1","_message":"hello"}"#]
    );
    assert_eq!(
        shown(r#"{"_row":"mine","_code":3}"#, &Format::Jsonl),
        [r#"1@1 {"_row":"mine","_code":3}"#]
    );
    assert_eq!(
        shown("id,_code\n7,x\n", &CSV),
        [r#"1@2 {"id":"7","_code":"x"}"#]
    );
    assert_eq!(
        shown(r#"{"_code":1,"b":2}"#, &Format::Jsonl),
        [r#"1@1 {"_code":1,"b":2}"#]
    );
    assert_eq!(
        shown("id,_row,_wolkvox_id_call\n7,1,64cb\n", &CSV),
        [r#"1@2 {"id":"7","_wolkvox_id_call":"64cb"}"#]
    );
}

#[test]
fn lines_of_json_keep_their_digits_and_a_wrong_one_costs_one_row() {
    let text = "\u{feff}{\"id\":12345678901234567890,\"z\":\"007\",\"n\":10000.10}\r\n\n  \n{\"a\":}\n[1]\n{\"a\":1,\"a\":2}\n{\"b\":null}";
    assert_eq!(
        shown(text, &Format::Jsonl),
        [
            r#"1@1 {"id":12345678901234567890,"z":"007","n":10000.10}"#,
            "row 2 (line 4): this is not JSON: expected value (byte 6 of the row)",
            "row 3 (line 5): a row is an object, and this is of type array; write `{\"column\": value}`",
            "row 4 (line 6): the key `a` stands twice; remove one of them",
            r#"5@7 {"b":null}"#,
        ]
    );
    assert!(shown(b"{\"a\":\"\xf1\"}\n{}", &Format::Jsonl)[0].contains("byte 0xF1"));
}

#[test]
fn a_key_that_stands_twice_costs_its_row_at_any_depth() {
    for (row, way) in [
        (r#"{"a":1,"b":2,"a":3}"#, "a"),
        (
            r#"{"id":"a","fields":{"Saldo":100,"Saldo":200}}"#,
            "fields.Saldo",
        ),
        (r#"{"p":[{},{"code":1,"c\u006fde":2}]}"#, "p[1].code"),
        (r#"{"l":[[{"x":{"y":{},"y":{}}}]],"l":1}"#, "l[0][0].x.y"),
    ] {
        let said = format!("row 2 (line 2): the key `{way}` stands twice; remove one of them");
        let good = r#"{"a":{"a":[{"a":1},{"a":1}]}}"#;
        for (text, format) in [
            (format!("{good}\n{row}\n{good}"), Format::Jsonl),
            (format!("[{good},\n{row},\n{good}]"), Format::Json),
        ] {
            let found = shown(text, &format);
            let (first, last) = (format!("1@1 {good}"), format!("3@3 {good}"));
            assert_eq!(found, [first.as_str(), &said, &last]);
        }
    }
}

#[test]
fn a_list_is_cut_into_its_items() {
    let text = "\u{feff} [\n {\"id\":12345678901234567890, \"t\":\"],}\\\"[\"},\n{\"a\":[1,{\"b\":[]}]} ,\n{\"x\" 1},\n7,\n{\n\"y\":\n}\n, {}]\n";
    assert_eq!(
        shown(text, &Format::Json),
        [
            r#"1@2 {"id":12345678901234567890,"t":"],}\"["}"#,
            r#"2@3 {"a":[1,{"b":[]}]}"#,
            "row 3 (line 4): this is not JSON: expected `:` (byte 6 of the row)",
            "row 4 (line 5): a row is an object, and this is of type number; write `{\"column\": value}`",
            "row 5 (line 6): this is not JSON: expected value (line 8, byte 1)",
            "6@9 {}",
        ]
    );
    assert!(shown("[]", &Format::Json).is_empty());
    assert!(shown("[ \n] \n", &Format::Json).is_empty());
}

#[test]
fn lists_that_are_broken() {
    for (text, count, expected) in [
        ("[{}", 1, "row 1 (line 1): the list is not closed"),
        ("[{},", 2, "row 2 (line 1): the list is not closed"),
        ("[{},]", 2, "row 2 (line 1): a comma stands here and no row"),
        ("[,{}]", 2, "row 1 (line 1): a comma stands here and no row"),
        (
            "[{}] []",
            2,
            "row 2 (line 1): something stands behind the end",
        ),
        (
            "[]\n[]",
            1,
            "row 1 (line 2): something stands behind the end",
        ),
    ] {
        let found = shown(text, &Format::Json);
        assert_eq!(found.len(), count, "{text}: {found:?}");
        assert!(
            found.iter().any(|row| row.starts_with(expected)),
            "{text}: {found:?}"
        );
    }
    assert_eq!(
        refusal("{}", &Format::Json).message,
        "data is not a JSON list"
    );
    assert_eq!(
        refusal("", &Format::Json).message,
        "data is not a JSON list"
    );
}

#[test]
fn yaml_keeps_digits_and_says_everything_that_is_wrong() {
    assert_eq!(
        shown(
            "- id: 12345678901234567890\n  z: \"007\"\n- id: 2\n",
            &Format::Yaml
        ),
        [
            r#"1@1 {"id":12345678901234567890,"z":"007"}"#,
            r#"2@3 {"id":2}"#,
        ]
    );
    let findings = open(&file("- 1\n- a: 1\n- x\n").path, "data", &Format::Yaml).unwrap_err();
    let messages: Vec<_> = findings
        .iter()
        .map(crate::diagnostic::in_one_line)
        .collect();
    assert_eq!(
        messages,
        [
            "row 1 is a number, not a mapping (data:1:3)",
            "row 3 is text, not a mapping (data:3:3)",
        ]
    );
    assert!(
        refusal("a: 1\n", &Format::Yaml)
            .message
            .contains("list of mappings")
    );
}

fn workbook() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/workbook.xlsx")
}

fn sheet(name: Option<&str>) -> Result<Rows, Vec<Diagnostic>> {
    let sheet = name.map(str::to_owned);
    open(&workbook(), "workbook.xlsx", &Format::Xlsx { sheet })
}

#[test]
fn the_first_sheet_that_can_be_seen_becomes_text() {
    let found = sheet(None).unwrap();
    let columns = [
        "id", "nombre", "telefono", "fecha", "cita", "hora", "activo", "saldo", "total", "_nota",
    ];
    assert_eq!(found.columns().unwrap(), columns);
    let rows: Vec<Row> = found.map(Result::unwrap).collect();
    let cells = |row: &Row| {
        let values = row.values().unwrap().values();
        values
            .map(|cell| cell.as_text().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        cells(&rows[0]),
        [
            "00123456789012345678",
            "Muñoz, Ana\n2.º",
            "3001234567",
            "2026-01-31",
            "2026-01-31T08:30:00",
            "08:30:00",
            "true",
            "10000.1",
            "42",
            "n"
        ]
    );
    assert_eq!(
        cells(&rows[1]),
        [
            "007",
            " =1+1 ",
            "-5",
            "1900-01-01",
            "2026-02-01T00:00:00",
            "26:30:00",
            "false",
            "0",
            "ab",
            ""
        ]
    );
    assert_eq!(cells(&rows[2])[..3], ["9", "", "999999999999999"]);
    let lines: Vec<_> = rows.iter().map(|row| row.line.unwrap()).collect();
    assert_eq!(lines, [3, 4, 6]);
    assert_eq!(rows.len(), 3);
}

#[test]
fn cells_that_would_need_a_guess_are_errors() {
    let found: Vec<_> = sheet(Some("Errores")).unwrap().collect();
    let texts: Vec<_> = found
        .iter()
        .map(|row| match row {
            Ok(row) => row.value.to_json_text(),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(
        texts,
        [
            "row 1 (line 2), column 1 `id`: cell A2 of the sheet `Errores`: 1234567890123456 has more than 15 digits, and Excel keeps only 15 of a number; format the column as text and enter the value again",
            "row 2 (line 3), column 2 `nombre`: cell B3 of the sheet `Errores`: its formula failed with #N/A; repair the formula, or replace it by its value",
            "row 3 (line 4): cell C4 of the sheet `Errores` stands in a column without a header; give the column a name in the header, or empty the cell",
            r#"{"id":"4","nombre":"d"}"#,
        ]
    );
}

#[test]
fn a_formula_without_a_value_is_no_blank() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formulas.xlsx");
    let sheet = Format::Xlsx { sheet: None };
    let found = open(&path, "formulas.xlsx", &sheet).unwrap();
    let texts: Vec<_> = found
        .map(|row| match row {
            Ok(row) => row.value.to_json_text(),
            Err(error) => error.to_string(),
        })
        .collect();
    let unstored = |row: u64, line: u64| {
        format!(
            "row {row} (line {line}), column 2 `nota`: cell B{line} of the sheet `Cuentas`: its formula has no stored value; open the file in a spreadsheet program and save it, or write the value in place of the formula"
        )
    };
    assert_eq!(
        texts,
        [
            r#"{"id":"1","nota":"ab","codigo":""}"#,
            &unstored(2, 3),
            // A text that is empty was calculated; so are cells that only have a format.
            r#"{"id":"3","nota":"","codigo":""}"#,
            &unstored(4, 5),
            &unstored(5, 6),
            "row 6 (line 8), column 2 `nota`: cell B8 of the sheet `Cuentas`: its formula failed with #DIV/0!; repair the formula, or replace it by its value",
            "row 7 (line 9), column 3 `codigo`: cell C9 of the sheet `Cuentas`: the sheet shows 42 with zeros before it (format 000\\-000), and they are not in the value; format the column as text and enter the value again",
            r#"{"id":"8","nota":"","codigo":"123456"}"#,
        ]
    );
}

#[test]
fn sheets_that_cannot_be_used() {
    for (name, message, help) in [
        (
            "contactos",
            "workbook.xlsx has no sheet `contactos`",
            "did you mean `Contactos`?",
        ),
        (
            "Duplicados",
            "workbook.xlsx, sheet `Duplicados`: cell C1: `id` is already the header of column 1",
            "give each column a name of its own",
        ),
        (
            "Huecos",
            "workbook.xlsx, sheet `Huecos`: cell B1: the header of this column is blank",
            "give the column a name, or remove it from every row",
        ),
        (
            "Vacia",
            "workbook.xlsx, sheet `Vacia`: it is empty",
            "its first row names the columns",
        ),
    ] {
        let finding = sheet(Some(name)).unwrap_err().remove(0);
        assert_eq!(finding.message, message);
        assert_eq!(finding.help.as_deref(), Some(help));
    }
    // A hidden sheet can be named.
    assert_eq!(
        sheet(Some("Config")).unwrap().columns().unwrap(),
        ["setting"]
    );
}

#[test]
fn the_reader_of_a_sheet_stops_when_nobody_pulls() {
    // Dropping after one row must not hang or panic; the thread ends with its channel.
    assert!(sheet(None).unwrap().next().unwrap().is_ok());
}

#[test]
fn items_of_a_list_are_rows() {
    let values = vec![Value::from("a"), Value::from_json_text("[1]").unwrap()];
    let rows: Vec<_> = Rows::from_values(values.clone())
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows[0], Row::new(1, None, values[0].clone()));
    assert_eq!(rows[1], Row::new(2, None, values[1].clone()));
    assert_ne!(rows[0].fingerprint(), rows[1].fingerprint());
}

#[test]
fn a_preview_shows_the_beginning() {
    let data = file("id\n1\n2\n3\n");
    let look = preview(&data.path, "data", &CSV, 2).unwrap();
    assert_eq!(look.columns.unwrap(), ["id"]);
    assert_eq!((look.rows.len(), look.has_more), (2, true));
    assert!(!preview(&data.path, "data", &CSV, 3).unwrap().has_more);
}

#[test]
fn a_file_that_changed_is_told_from_the_one_described() {
    let data = file("id\n1\n");
    let before = DataFile::describe(&data.path).unwrap();
    assert_eq!(before.size, 5);
    assert!(before.has_same_bytes(&DataFile::describe(&data.path).unwrap()));
    std::fs::write(&data.path, "id\n2\n").unwrap();
    assert!(!before.has_same_bytes(&DataFile::describe(&data.path).unwrap()));
    assert!(DataFile::describe(Path::new("nowhere")).is_err());
}

/// Counts the bytes that were asked for.
struct Counted<R>(R, std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl<R: std::io::Read> std::io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1
            .fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn a_file_is_read_only_as_far_as_rows_are_pulled() {
    use std::sync::atomic::Ordering;
    const ROWS: u64 = 300_000;
    let text: String = std::iter::once("id;name\n".to_owned())
        .chain((0..ROWS).map(|row| format!("{row:020};Muñoz {row}\n")))
        .collect();
    let length = text.len();
    let read = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
    for encoding in [encoding::Encoding::Utf8, encoding::Encoding::Utf16Le] {
        let bytes = match encoding {
            encoding::Encoding::Utf8 => text.clone().into_bytes(),
            _ => utf_16(&text, true),
        };
        let read = std::sync::Arc::clone(&read);
        read.store(0, Ordering::Relaxed);
        let input = Counted(std::io::Cursor::new(bytes), std::sync::Arc::clone(&read));
        let mut rows = csv::read(encoding.read(input), encoding, b';', 1, "data").unwrap();
        rows.next().unwrap().unwrap();
        // One buffer, of a file of many.
        assert!(read.load(Ordering::Relaxed) <= 128 * 1024);
        assert_eq!(
            rows.by_ref().map(Result::unwrap).last().unwrap().number,
            ROWS
        );
        assert!(read.load(Ordering::Relaxed) >= length);
    }
}

fn account(kind: AccountKind, layout: Layout, write: impl FnOnce(&mut Account)) -> String {
    account_called("rejected.csv", kind, layout, write)
}

fn account_called(
    name: &str,
    kind: AccountKind,
    layout: Layout,
    write: impl FnOnce(&mut Account),
) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, "an older file").unwrap();
    let mut account = Account::create(&path, kind, layout).unwrap();
    write(&mut account);
    account.flush().unwrap();
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let partial = entries
        .map(|entry| entry.unwrap().path())
        .find(|found| *found != path)
        .unwrap();
    let written = std::fs::read_to_string(&partial).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "an older file");
    assert_eq!(account.finish().unwrap(), path);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    assert!(!partial.exists());
    written
}

const REFUSAL: Refusal<'static> = Refusal {
    accepted: &[],
    more: 0,
    step: Some("update"),
    outcome: "failed",
    code: None,
    message: "not \"found\"; sorry",
};

/// Every row of a file refused, good or wrong.
fn all_refused(bytes: &[u8], format: &Format) -> String {
    all_refused_into("rejected.csv", bytes, format)
}

fn all_refused_into(name: &str, bytes: &[u8], format: &Format) -> String {
    let code = Value::from(404_u64);
    let refusal = Refusal {
        code: Some(&code),
        ..REFUSAL
    };
    let data = file(bytes);
    let rows = open(&data.path, "data", format).unwrap();
    let layout = rows.layout();
    let rows: Vec<_> = rows.collect();
    let first = rows.iter().find_map(|row| row.as_ref().ok());
    let layout = layout.unwrap_or_else(|| Layout::of_first(first));
    account_called(name, AccountKind::Refused, layout, |account| {
        for row in &rows {
            match row {
                Ok(row) => account.refuse(row, &refusal).unwrap(),
                Err(error) => account.refuse_unread(error, &error.to_string()).unwrap(),
            }
        }
    })
}

#[test]
fn refused_rows_are_given_back_and_can_be_read_again() {
    let text = "id;name;note\n007;=1+1;\"a;b\n\"\"c\"\"\"\n";
    let written = all_refused(text.as_bytes(), &CSV);
    assert_eq!(
        written,
        "id;name;note;_row;_step;_outcome;_code;_message\n\
         007;=1+1;\"a;b\n\"\"c\"\"\";1;update;failed;404;\"not \"\"found\"\"; sorry\"\n"
    );
    let first = rows(text, &CSV).remove(0).unwrap();
    let again = rows(&written, &CSV).remove(0).unwrap();
    assert_eq!(first.value, again.value);
    assert_eq!(first.fingerprint(), again.fingerprint());
    // The second round adds nothing to the first.
    assert_eq!(all_refused(written.as_bytes(), &CSV), written);
}

#[test]
fn wrong_rows_are_refused_again_until_they_are_repaired() {
    let short_by_the_ignored = "id,name,_a\n1,x\n";
    for text in [
        "id,name\n1\n2,a,b\n",
        "id,name\n1,\"a\"b\n2,\"c\n",
        "id,name\n1,a\0b\n2,Mu\u{fffd}oz\n",
        "id,name,_a,_b,_c,_d,_e\n1,x,1,2,3,4\n1,x,1,2,3,4,5,6\n",
        "id,name,_a,_b,_c,_d,_e\n1\n1,x,1\n",
        short_by_the_ignored,
    ] {
        let written = all_refused(text.as_bytes(), &CSV);
        let again = rows(&written, &CSV);
        assert_eq!(again.len(), rows(text, &CSV).len(), "{written}");
        assert!(again.iter().all(Result::is_err), "{text:?} → {written:?}");
        // A spreadsheet that saves the file fills short rows up: there must be none.
        let reader = ::csv::ReaderBuilder::new();
        let mut reader = reader.from_reader(written.as_bytes());
        assert!(reader.records().all(|row| row.is_ok()), "{written}");
    }
    let written = all_refused(b"id,name\n2,a,b\n", &CSV);
    assert!(
        written.contains("2,a,1,(reading),failed,") && written.ends_with(",\"2,a,b\"\n"),
        "{written}"
    );
    // What stood in the file stays the same from account to account.
    let again = all_refused(written.as_bytes(), &CSV);
    assert!(again.ends_with(",\"2,a,b\"\n"), "{again}");
    let repaired = written.replace("(reading)", "");
    assert_eq!(shown(&repaired, &CSV), [r#"1@2 {"id":"2","name":"a"}"#]);
    let layout = sheet(Some("Errores")).unwrap().layout().unwrap();
    let written = account(AccountKind::Refused, layout, |account| {
        for row in sheet(Some("Errores")).unwrap() {
            let Err(error) = row else { continue };
            account.refuse_unread(&error, &error.to_string()).unwrap();
        }
    });
    let again = rows(&written, &CSV);
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(Result::is_err), "{written}");
}

#[test]
fn what_an_account_said_of_a_row_first_stays_until_it_is_put_right() {
    for name in ["rejected.csv", "rejected.jsonl"] {
        let format = if name.ends_with("csv") {
            CSV
        } else {
            Format::Jsonl
        };
        let first = all_refused_into(name, b"id,name\n1,a\n2\n", &CSV);
        let second = all_refused_into(name, first.as_bytes(), &format);
        let reason = "row 2 (line 3), column 2 `name`: this row has 1 cell and the header has 2;";
        assert!(second.contains(reason), "{second}");
    }
}

#[test]
fn an_accent_far_down_is_found_before_the_first_row() {
    let mut bytes = b"id;name\n".to_vec();
    while bytes.len() < 1024 * 1024 + 10 {
        bytes.extend_from_slice(b"1;Ana\n");
    }
    bytes.extend_from_slice(b"2;Mu\xf1oz\n");
    let read = rows(&bytes, &CSV);
    let last = read.last().unwrap().as_ref().unwrap();
    assert_eq!(last.values().unwrap()["name"], Value::from("Muñoz"));
    assert!(read.iter().all(Result::is_ok));
    // The same in UTF-8 stays so.
    bytes.truncate(bytes.len() - b"2;Mu\xf1oz\n".len());
    bytes.extend_from_slice("2;Muñoz\n".as_bytes());
    let read = rows(&bytes, &CSV);
    let last = read.last().unwrap().as_ref().unwrap();
    assert_eq!(last.values().unwrap()["name"], Value::from("Muñoz"));
}

#[test]
fn an_account_has_a_mark_where_spreadsheets_need_one() {
    let written = |bytes: &[u8]| {
        let data = file(bytes);
        let read = open(&data.path, "data", &CSV).unwrap();
        let layout = read.layout().unwrap();
        account(AccountKind::Refused, layout, |account| {
            for row in read {
                match row {
                    Ok(row) => account.refuse(&row, &REFUSAL).unwrap(),
                    // With it the file gets a column more, and is written anew.
                    Err(error) => account.refuse_unread(&error, "wrong").unwrap(),
                }
            }
        })
    };
    let text = "id;name\n1;Muñoz\n2\n";
    let [plain, marked, foreign] = [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    ]
    .map(|bytes| written(&bytes));
    assert!(plain.starts_with("id;name;_row"), "{plain}");
    for account in [&marked, &foreign] {
        assert_eq!(*account, format!("\u{feff}{plain}"));
    }
    // Fed back, the mark is no part of the first name.
    let again = rows(&marked, &CSV).remove(0).unwrap();
    assert_eq!(again.values().unwrap()["id"], Value::from("1"));
}

#[test]
fn a_row_that_was_done_all_the_same_is_not_taken_again() {
    let id = Value::from("64cb");
    let accepted = [("update".to_owned(), Some(&id))];
    let refusal = Refusal {
        accepted: &accepted,
        ..REFUSAL
    };
    for name in ["rejected.csv", "rejected.jsonl"] {
        let data = file("id\n7\n");
        let read = open(&data.path, "data", &CSV).unwrap();
        let layout = read.layout().unwrap();
        let written = account_called(name, AccountKind::Refused, layout, |account| {
            for row in read {
                account.refuse(&row.unwrap(), &refusal).unwrap();
            }
        });
        assert!(written.contains("update (accepted)"), "{written}");
        assert!(written.contains("sorry; its id is 64cb"), "{written}");
        let format = if name.ends_with("csv") {
            CSV
        } else {
            Format::Jsonl
        };
        let error = rows(&written, &format).remove(0).unwrap_err();
        assert_eq!(
            error.message,
            "the CRM did accept this row, and would do it again"
        );
        // Fed back as it is, it stays what it was.
        let again = all_refused_into(name, written.as_bytes(), &format);
        assert!(again.contains("update (accepted)"), "{again}");
        assert!(again.contains("sorry; its id is 64cb") && !again.contains("_raw"));
        // Also where a person has put a column of their own behind those of the account.
        if format == CSV {
            let longer = written.replacen("_message\n", "_message,own\n", 1);
            let longer = longer.replace("64cb\"\n", "64cb\",x\n");
            assert!(rows(&longer, &CSV).remove(0).is_err(), "{longer}");
        }
        let cleared = written.replace("update (accepted)", "");
        assert_eq!(
            shown(&cleared, &format)[0],
            r#"1@2 {"id":"7"}"#.replace("@2", if format == CSV { "@2" } else { "@1" })
        );
    }
}

#[test]
fn all_that_was_done_of_a_row_is_named_behind_the_step_that_it_did_not_get_past() {
    let id = Value::from("64cb");
    let accepted = [
        ("call".to_owned(), Some(&id)),
        ("debt@7/c".to_owned(), None),
    ];
    let refusal = Refusal {
        accepted: &accepted,
        more: 2,
        ..REFUSAL
    };
    let written = account(AccountKind::Refused, Layout::of_first(None), |account| {
        let row = Row::new(1, None, Value::from("7"));
        account.refuse(&row, &refusal).unwrap();
    });
    let step = "\"update, call (accepted), debt@7/c (accepted)\"";
    assert!(written.contains(step), "{written}");
    let message = "sorry; the CRM did accept call: its id is 64cb; the CRM did accept debt@7/c; \
                   the CRM did accept 2 more of its steps";
    assert!(written.replace("\"\"", "'").contains(message), "{written}");
    assert!(rows(&written, &CSV).remove(0).is_err(), "{written}");
}

#[test]
fn a_row_in_doubt_is_not_taken_until_a_person_says_that_nothing_was_done() {
    let refusal = Refusal {
        outcome: "unknown",
        ..REFUSAL
    };
    for (name, format) in [("unknown.csv", CSV), ("unknown.jsonl", Format::Jsonl)] {
        let data = file("id\n7\n");
        let read = open(&data.path, "data", &CSV).unwrap();
        let layout = read.layout().unwrap();
        let written = account_called(name, AccountKind::Refused, layout, |account| {
            for row in read {
                account.refuse(&row.unwrap(), &refusal).unwrap();
            }
        });
        let error = rows(&written, &format).remove(0).unwrap_err();
        assert_eq!(
            error.message,
            "whether the CRM has done this row is not known, and it might be done twice"
        );
        assert!(error.help.unwrap().contains("`voxplay reconcile`"));
        // Fed back as it is, it stays in doubt, and not only refused.
        let again = all_refused_into(name, written.as_bytes(), &format);
        assert!(
            again.contains("unknown") && again.contains("update"),
            "{again}"
        );
        assert!(
            !again.contains("failed") && !again.contains("_raw"),
            "{again}"
        );
        assert!(rows(&again, &format).remove(0).is_err(), "{again}");
        let cleared = match format {
            CSV => written.replace(",unknown,", ",,"),
            _ => written.replace("\"_outcome\":\"unknown\",", ""),
        };
        assert!(
            shown(&cleared, &format)[0].ends_with(r#" {"id":"7"}"#),
            "{cleared}"
        );
    }
}

#[test]
fn data_with_columns_of_accounts_has_none() {
    for (text, format, message) in [
        (
            "id,_message\n1,hi\n",
            CSV,
            "the column `_message` has a name that accounts of rows add",
        ),
        (
            "{\"id\":1}\n{\"_raw\":2}\n",
            Format::Jsonl,
            "row 2 (line 2): the key `_raw` has a name that accounts of rows add; rename it, or leave the accounts out",
        ),
    ] {
        let data = file(text);
        let opened = || open(&data.path, "data", &format).unwrap();
        assert_eq!(name_taken(opened()).unwrap().message, message);
        if format == Format::Jsonl {
            let mut rows = opened().with_accounts().unwrap();
            assert!(rows.next().unwrap().is_ok() && rows.next().unwrap().is_err());
        } else {
            assert!(opened().with_accounts().is_err());
        }
    }
    let data = file("id,_row,_step,_outcome,_code,_message\n1,1,a,failed,,m\n");
    assert!(name_taken(open(&data.path, "data", &CSV).unwrap()).is_none());
}

#[test]
fn a_row_longer_than_any_costs_only_itself_where_its_end_is_known() {
    let long = "x".repeat(MAX_ROW_BYTES + 100_000);
    for (format, text) in [
        (CSV, format!("id,v\n1,a\n2,{long}\n3,a\n")),
        (CSV, format!("id,v\n1,a\n2,\"{long}\n\"\n3,a\n")),
        (
            Format::Jsonl,
            format!("{{\"id\":1}}\n{{\"id\":\"{long}\"}}\n{{\"id\":3}}\n"),
        ),
        (
            Format::Json,
            format!("[{{\"id\":1}},{{\"id\":\"{long}\"}},{{\"id\":3}}]"),
        ),
    ] {
        let found = rows(&text, &format);
        assert_eq!(found.len(), 3, "{format:?}");
        let error = found[1].as_ref().unwrap_err();
        assert_eq!(error.message, "this row is longer than 16 MiB");
        assert!(found[0].is_ok() && found[2].is_ok(), "{format:?}");
    }
    for (format, text) in [
        (CSV, format!("id,v\n1,a\n2,\"{long}\n3,a\n")),
        (
            Format::Json,
            format!("[{{\"id\":1}},{{\"id\":\"{long}}},{{\"id\":3}}]"),
        ),
    ] {
        let found = rows(&text, &format);
        assert_eq!(found.len(), 2, "{format:?}");
        let error = found[1].as_ref().unwrap_err();
        assert_eq!(error.stream, Stream::Ends);
        assert!(
            error.to_string().contains("closed")
                && error
                    .to_string()
                    .ends_with("; the rows from there on were not read"),
            "{error}"
        );
    }
}

#[test]
fn rows_without_a_header_take_the_keys_of_the_first() {
    let text =
        "{\"id\":12345678901234567890,\"tags\":[1],\"none\":null}\n{\"id\":2,\"late\":true}\n";
    let written = all_refused(text.as_bytes(), &Format::Jsonl);
    assert_eq!(
        written,
        "id,tags,none,_more,_row,_step,_outcome,_code,_message\n\
         12345678901234567890,[1],,,1,update,failed,404,\"not \"\"found\"\"; sorry\"\n\
         2,,,\"{\"\"late\"\":true}\",2,update,failed,404,\"not \"\"found\"\"; sorry\"\n"
    );
    // What was put aside would be lost, so that row is not taken again.
    let again = rows(&written, &CSV);
    assert!(again[0].is_ok() && again[1].is_err());
    // Where no row has more than the columns, nothing stands between them and what is added.
    let written = all_refused(b"{\"id\":1}\n{\"id\":2}\n[]\n", &Format::Jsonl);
    let header = "id,_row,_step,_outcome,_code,_message,_raw\n1,1,update,";
    assert!(written.starts_with(header), "{written}");
    let written = all_refused(b"{\"id\":1}\n[]\n{\"id\":2,\"b\":3}\n", &Format::Jsonl);
    let header = "id,_more,_row,_step,_outcome,_code,_message,_raw\n1,,1,update,";
    assert!(written.starts_with(header), "{written}");
}

#[test]
fn json_lines_give_rows_back_as_they_were() {
    let text = "{\"z\":1.50,\"id\":12345678901234567890}\n\
        {\"tags\":[1,{\"a\":null}],\"no\":false}\n[1]\n";
    for name in ["rejected.jsonl", "rejected.NDJSON"] {
        let written = all_refused_into(name, text.as_bytes(), &Format::Jsonl);
        assert_eq!(
            written,
            "{\"z\":1.50,\"id\":12345678901234567890,\"_row\":1,\"_step\":\"update\",\"_outcome\":\"failed\",\"_code\":404,\"_message\":\"not \\\"found\\\"; sorry\"}\n\
             {\"tags\":[1,{\"a\":null}],\"no\":false,\"_row\":2,\"_step\":\"update\",\"_outcome\":\"failed\",\"_code\":404,\"_message\":\"not \\\"found\\\"; sorry\"}\n\
             {\"_row\":3,\"_step\":\"(reading)\",\"_outcome\":\"failed\",\"_code\":null,\"_message\":\"row 3 (line 3): a row is an object, and this is of type array; write `{\\\"column\\\": value}`\",\"_raw\":\"[1]\"}\n"
        );
        let again = rows(&written, &Format::Jsonl);
        assert_eq!(
            again[0].as_ref().unwrap().value,
            rows(text, &Format::Jsonl)[0].as_ref().unwrap().value
        );
        // The second round adds nothing to the first, and what could not be read is refused until it is put right.
        let second = all_refused_into(name, written.as_bytes(), &Format::Jsonl);
        assert!(written.starts_with(second.split_inclusive('\n').next().unwrap()));
        assert!(again[1].is_ok() && again[2].is_err());
        let repaired = written.replace(",\"_step\":\"(reading)\"", ",\"id\":3");
        assert_eq!(shown(&repaired, &Format::Jsonl)[2], r#"3@3 {"id":3}"#);
    }
    // Of a table they have the columns, and its wrong rows what was there of them.
    let written = all_refused_into("rejected.jsonl", b"id,name\n007,x\n8\n", &CSV);
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines[0].starts_with(r#"{"id":"007","name":"x","_row":1,"#));
    assert!(lines[1].starts_with(r#"{"id":"8","_row":2,"_step":"(reading)","#));
    assert!(lines[1].ends_with(r#","_raw":"8"}"#));
    // Fed back before it is right, it loses neither what it was nor what it has become.
    let again = all_refused_into("rejected.jsonl", written.as_bytes(), &Format::Jsonl);
    let again = again.lines().nth(1).unwrap();
    assert!(again.starts_with(r#"{"id":"8","_row":2,"#), "{again}");
    assert!(again.ends_with(r#","_raw":"8"}"#), "{again}");
}

#[test]
fn what_stood_in_the_file_is_kept_of_a_row_that_cannot_be_read() {
    // A table gets the column from its first such row on; a JSON list and lines keep their text.
    for (text, format, expected) in [
        (
            "id;name\n1;a\n2;\"b\"c;d\r\n\n\n3;c\n",
            &CSV,
            vec!["", "2;\"b\"c;d", ""],
        ),
        ("id;name\n1;a\n2;\"b\n3;c\n", &CSV, vec!["", "2;\"b\n3;c"]),
        ("id,name\n1,a\0b\n", &CSV, vec!["1,a\\x00b"]),
        (
            "{\"id\":1}\n{\"id\":2,}\n",
            &Format::Jsonl,
            vec!["", "{\"id\":2,}"],
        ),
        (
            "{\"id\":1\n{\"id\":2}\n",
            &Format::Jsonl,
            vec!["{\"id\":1", ""],
        ),
        (
            "[{\"id\":1}, {\"id\":2,} ,7",
            &Format::Json,
            vec!["", "{\"id\":2,}", "7"],
        ),
        ("[{\"id\":1}] x\ny\n", &Format::Json, vec!["", "x\ny"]),
    ] {
        let written = all_refused(text.as_bytes(), format);
        let delimiter = if text.contains(';') { b';' } else { b',' };
        let mut reader = ::csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(delimiter).from_reader(written.as_bytes());
        let headers = reader.headers().unwrap().clone();
        assert_eq!(headers.iter().next_back(), Some("_raw"), "{written}");
        let found: Vec<_> = reader
            .records()
            .map(|row| row.unwrap().iter().next_back().unwrap().to_owned())
            .collect();
        assert_eq!(found, expected, "{written}");
        // Put right, it is read again, and the column does no harm.
        let mended = rows(written.replace("(reading)", "").replace('\0', ""), &CSV);
        assert!(mended.iter().all(Result::is_ok), "{mended:?}");
        assert!(
            mended
                .iter()
                .flatten()
                .all(|row| row.value.get("_raw").is_none())
        );
    }
    // Of rows that can be read, there is no such column.
    assert!(!all_refused(b"id\n1\n", &CSV).contains("_raw"));
    // A sheet has cells alone.
    let wrong = sheet(Some("Errores")).unwrap().filter_map(Result::err);
    let raw: Vec<String> = wrong
        .map(|error| error.raw().unwrap().bounded().0.to_owned())
        .collect();
    assert_eq!(raw, ["1234567890123456,a", "2,#N/A", "3,c,de más"]);
}

#[test]
fn an_account_says_where_it_keeps_less_than_the_row() {
    let long = format!("id,name\n1,2,{}\n", "x".repeat(70_000));
    let written = all_refused(long.as_bytes(), &CSV);
    assert!(written.contains("; `_raw` holds the first 64 KiB of it"));
    assert!(written.len() < 66_000);
}

#[test]
fn json_lines_of_a_list_and_of_what_succeeded() {
    let items = ["a", "b"].map(Value::from).to_vec();
    let items: Vec<Row> = Rows::from_values(items).map(Result::unwrap).collect();
    let kind = AccountKind::Succeeded {
        steps: vec!["create".to_owned(), "call".to_owned()],
    };
    let layout = Layout::of_first(items.first());
    let written = account_called("good.jsonl", kind, layout, |account| {
        let id = Value::from(99_u64);
        account.succeed(&items[0], &[("create", &id)]).unwrap();
        account.succeed(&items[1], &[]).unwrap();
    });
    assert_eq!(
        written,
        "{\"item\":\"a\",\"_row\":1,\"_wolkvox_id_create\":99,\"_wolkvox_id_call\":null}\n\
         {\"item\":\"b\",\"_row\":2,\"_wolkvox_id_create\":null,\"_wolkvox_id_call\":null}\n"
    );
    assert_eq!(
        shown(&written, &Format::Jsonl)[0],
        r#"1@1 {"item":"a","_wolkvox_id_create":99,"_wolkvox_id_call":null}"#
    );
}

#[test]
fn rows_that_succeeded_are_listed_with_their_ids() {
    let steps = vec!["create".to_owned(), "call".to_owned()];
    let row = rows("id\n7\n", &CSV).remove(0).unwrap();
    let layout = Layout::new(vec!["id".to_owned()], Some(b';'));
    let written = account(AccountKind::Succeeded { steps }, layout, |account| {
        let [call, create, other] = ["c1", "0099", "12"].map(Value::from);
        account
            .succeed(&row, &[("call", &call), ("create", &create)])
            .unwrap();
        account.succeed(&row, &[("create", &other)]).unwrap();
        assert!(account.refuse(&row, &REFUSAL).is_err());
    });
    assert_eq!(
        written,
        "id;_row;_wolkvox_id_create;_wolkvox_id_call\n7;1;0099;c1\n7;1;12;\n"
    );
}

fn cells() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = prop_oneof!["[a-zñ€0-9,;|\t\"'= \r\n]{0,8}", "[^\0\u{fffd}]{0,6}"];
    (1_usize..5).prop_flat_map(move |width| {
        prop::collection::vec(prop::collection::vec(cell.clone(), width), 1..8)
    })
}

proptest! {
    #[test]
    fn cells_come_back_as_they_were_written(
        cells in cells(),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
    ) {
        let columns: Vec<String> = (0..cells[0].len()).map(|column| format!("c{column}")).collect();
        let layout = Layout::new(columns.clone(), Some(delimiter));
        let written = account(AccountKind::Refused, layout, |account| {
            for (number, cells) in (1..).zip(&cells) {
                let named = columns.iter().cloned().zip(cells.iter().cloned().map(Value::from));
                let row = Row::new(number, None, Value::Map(named.collect()));
                account.refuse(&row, &REFUSAL).unwrap();
            }
        });
        let read: Vec<Vec<String>> = rows(&written, &CSV)
            .into_iter()
            .map(|row| row.unwrap().values().unwrap().values().map(row::cell_text).collect())
            .collect();
        prop_assert_eq!(read, cells);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [CSV, Format::Jsonl, Format::Json, Format::Xlsx { sheet: None }] {
            if let Ok(rows) = open(&file(&bytes).path, "data", &format) {
                prop_assert!(rows.count() <= 201);
            }
        }
    }
}

#[test]
fn a_file_that_is_written_into_while_it_is_read_gives_no_torn_row() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format, before, after) in [
        (
            "ids.csv",
            CSV,
            "id\n0001\n0002\n",
            "id\n9999\n0001\n00020003\n",
        ),
        (
            "ids.jsonl",
            Format::Jsonl,
            "{\"id\":1}\n{\"id\":2}\n",
            "{\"id\":9}\n{\"id\":1}\n{\"id\":2}\n",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, before).unwrap();
        let mut rows = open(&path, name, &format).unwrap();
        assert!(rows.next().unwrap().is_ok(), "{name}");
        std::fs::write(&path, after).unwrap();
        assert!(rows.next().unwrap().is_ok(), "{name}: it was read before");
        let error = rows.next().unwrap().unwrap_err();
        assert!(
            error.message.contains("it was changed while it was read"),
            "{error}"
        );
        assert_eq!(error.stream, Stream::Breaks);
        assert!(rows.next().is_none(), "{name}");
        // A new file in its place is another file.
        std::fs::write(&path, before).unwrap();
        let mut rows = open(&path, name, &format).unwrap();
        assert!(rows.next().unwrap().is_ok(), "{name}");
        std::fs::write(folder.path().join("new"), after).unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(rows.all(|row| row.is_ok()), "{name}");
    }
}

#[test]
fn items_are_lists_of_one_size_and_a_wrong_row_stands_alone() {
    let sizes = |text: &str, size: Option<usize>| -> Vec<Result<Vec<u64>, u64>> {
        let rows = open(&file(text).path, "data", &CSV).unwrap();
        rows.in_items(size)
            .map(|item| match item {
                Ok(rows) => Ok(rows.iter().map(|row| row.number).collect()),
                Err(error) => Err(error.number),
            })
            .collect()
    };
    let text = "id,name\n1,a\n2,b\n3,c\n4\n5\n6,f\n7,g\n8,h\n9,i\n10,j\n";
    let ok = |numbers: &[u64]| Ok(numbers.to_vec());
    assert_eq!(
        sizes(text, Some(2)),
        [
            ok(&[1, 2]),
            ok(&[3]),
            Err(4),
            Err(5),
            ok(&[6, 7]),
            ok(&[8, 9]),
            ok(&[10])
        ]
    );
    assert_eq!(sizes(text, None).len(), 10);
    assert_eq!(sizes("id,name\n", Some(2)), []);
}
