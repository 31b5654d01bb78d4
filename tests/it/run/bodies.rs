//! The bytes of the five calls, against the samples of the vendor's pages.

use super::Project;
use crate::server::Arrived;

fn sent(steps: &str, files: &[(&str, &str)]) -> Vec<Arrived> {
    let project = Project::new(&format!("steps:\n{steps}"), []);
    for (path, text) in files {
        project.write(path, text);
    }
    let ran = project.run(&["--allow", "delete"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    for arrived in &ran.arrived {
        let agent = arrived.header("user-agent");
        assert_eq!(agent, [concat!("voxplay/", env!("CARGO_PKG_VERSION"))]);
    }
    ran.arrived
}

#[test]
fn json_calls_are_the_vendors_samples_byte_for_byte() {
    let arrived = sent(
        r#"
  - action: record.update
    with:
      module: contacts
      wolkvox_id: "64cb"
      fields: { idcontact: "1012345678", Tipo de cliente: VIP, Email: cliente@example.com, País: no, Saldo: 10000.10, Grande: 12345678901234567890, Exp: 1e400, Nada: ~ }
  - action: record.delete
    with: { module: contacts, wolkvox_id: "6074xxxxxx7d3" }
  - action: record.delete
    with: { module: companies, wolkvox_id: ["66xx", "663xx"] }
  - action: call_activity.insert
    with:
      name: Nombre de la actividad
      priority: low
      name_module: cases
      id_record: código de id
      completion_date: "2023-07-30 00:00:00"
      remember: true
      reminder_date: "2023-07-29 00:00:00"
      description: Esto es una descripción de la actividad
      location: N/A
      wolkvox_owner: ADMIN_@mimodulo
      phone: { country: COLOMBIA, code: "57", value: "1234567898" }
  - action: obligation.insert
    with:
      wolkvox_id: "61fa3"
      id: obl1
      name: "Factura \"12345\" – Pago\nPendiente"
      total_balance: 10000.10
      portfolio_type: VIP Client
      last_pay: 12345678901234567890
      last_pay_date: "06-06-2023"
      expiring_date: "07-07-2023"
      days_delay: 90
      form: [{ name: Frecuencia, value: 0.10 }]
"#,
        &[],
    );
    let wanted = [
        (
            "/server/API/v2/custom/update.php",
            r#"{"operation":"acme","module":"contacts","wolkvox-id":"64cb","fields":{"idcontact":"1012345678","Tipo de cliente":"VIP","Email":"cliente@example.com","País":"no","Saldo":10000.10,"Grande":12345678901234567890,"Exp":1e400,"Nada":null}}"#,
        ),
        (
            "/server/API/v2/custom/delete.php",
            r#"{"operation":"acme","module":"contacts","multiple":false,"wolkvox-id":"6074xxxxxx7d3"}"#,
        ),
        (
            "/server/API/v2/custom/delete.php",
            r#"{"operation":"acme","module":"companies","multiple":true,"wolkvox-id":["66xx","663xx"]}"#,
        ),
        (
            "/server/API/v2/custom/insert.php",
            r#"{"operation":"acme","module":"wolkvox_activities","type":"call","fields":{"status":"created","name":"Nombre de la actividad","priority":"low","name_module":"cases","completion_date":"2023-07-30 00:00:00","remember":true,"reminder_date":"2023-07-29 00:00:00","description":"Esto es una descripción de la actividad","id_record":"código de id","location":"N/A","wolkvox_owner":"ADMIN_@mimodulo","phone":{"type":"telephone","country":"COLOMBIA","code":"57","value":"1234567898"}}}"#,
        ),
        (
            "/server/API/v2/collections/insertObligation.php",
            r#"{"operation":"acme","wolkvox_id":"61fa3","fields":{"id":"obl1","name":"Factura \"12345\" – Pago\nPendiente","total_balance":"10000.10","portfolio_type":"VIP Client","last_pay":"12345678901234567890","last_pay_date":"06-06-2023","expiring_date":"07-07-2023","days_delay":"90","form":[{"name":"Frecuencia","value":"0.10"}]}}"#,
        ),
    ];
    assert_eq!(arrived.len(), wanted.len());
    for (arrived, (path, body)) in arrived.iter().zip(wanted) {
        assert_eq!(arrived.line, format!("POST {path} HTTP/1.1"));
        assert_eq!(arrived.text(), body);
        assert_eq!(arrived.header("content-type"), ["application/json"]);
    }
}

#[test]
fn a_case_is_a_form_with_exactly_these_parts() {
    let arrived = sent(
        r#"
  - action: case.update
    with:
      wolkvox_id: "64cb"
      responsible: user@acme
      status: Abierto
      case_type: Request
      priority: low
      solution: "línea 1"
      form: { Categoría del caso: Ventas, Monto: 10000.10 }
      files: [files/invoice.pdf, "files/photo año.jpg"]
  - action: case.update
    with: { wolkvox_id: "64cb", responsible: user@acme, status: open, form: {}, files: files/invoice.pdf, file_part: files }
  - action: case.update
    with: { wolkvox_id: "64cb", responsible: user@acme, status: open }
"#,
        &[
            ("files/invoice.pdf", "PDF one"),
            ("files/photo año.jpg", "JPEG\r\n--two"),
        ],
    );
    let text = |name: &str, value: &str| {
        format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}")
    };
    let file = |name: &str, file: &str, kind: &str, value: &str| {
        format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: {kind}\r\n\r\n{value}"
        )
    };
    let common = [text("operation", "acme"), text("wolkvox-id", "64cb")];
    let wanted: [Vec<String>; 3] = [
        [
            common.as_slice(),
            &[
                text("case-type", "Request"),
                text("responsible", "user@acme"),
                text("status", "Abierto"),
                text("priority", "low"),
                text("solution", "línea 1"),
                text(
                    "form",
                    r#"{"Categoría del caso":"Ventas","Monto":10000.10}"#,
                ),
                file("file", "invoice.pdf", "application/pdf", "PDF one"),
                file("file", "photo año.jpg", "image/jpeg", "JPEG\r\n--two"),
            ],
        ]
        .concat(),
        [
            common.as_slice(),
            &[
                text("responsible", "user@acme"),
                text("status", "open"),
                text("form", "{}"),
                file("files", "invoice.pdf", "application/pdf", "PDF one"),
            ],
        ]
        .concat(),
        [
            common.as_slice(),
            &[text("responsible", "user@acme"), text("status", "open")],
        ]
        .concat(),
    ];
    assert_eq!(arrived.len(), wanted.len());
    for (arrived, wanted) in arrived.iter().zip(wanted) {
        assert_eq!(
            arrived.line,
            "POST /server/API/v2/cases/update.php HTTP/1.1"
        );
        let kind = arrived.header("content-type")[0];
        let boundary = kind
            .strip_prefix("multipart/form-data; boundary=")
            .expect(kind);
        let parts = wanted
            .iter()
            .flat_map(|part| ["--", boundary, "\r\n", part, "\r\n"])
            .collect::<String>();
        assert_eq!(arrived.text(), format!("{parts}--{boundary}--\r\n"));
    }
}
