//! What the documents say is what the program does: the commands of the README and of `docs/`, the table of
//! filters, the examples under `playbooks/`, and the transcripts under `tests/cmd`.
//!
//! `VOXPLAY_UPDATE_DOCS=1 cargo test --test it docs` writes what the program does into the documents.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: documents are read, and commands run in a folder of their own"
)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use voxplay::template::{Builtin, FILTERS, FUNCTIONS};

/// The page that lists the filters.
const TEMPLATES: &str = "docs/templates.md";
const FILTERS_BEGIN: &str = "<!-- filters: written from the program's table; a test compares -->\n";
const FILTERS_END: &str = "<!-- end of filters -->\n";

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).expect("the page is there")
}

fn readme() -> String {
    page("README.md")
}

/// The README and the pages of `docs/`.
fn pages() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(repository().join("docs"))
        .expect("there is a folder of documents")
        .map(|entry| entry.expect("it can be read").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "md")
        })
        .map(|name| format!("docs/{name}"))
        .collect();
    names.sort();
    names.insert(0, "README.md".to_owned());
    names
}

/// Held while documents are read and written: tests run side by side.
static DOCUMENTS: Mutex<()> = Mutex::new(());

fn is_update() -> bool {
    std::env::var_os("VOXPLAY_UPDATE_DOCS").is_some()
}

/// A command as a reader would run it: nothing of this process's own settings reaches it.
fn clean(mut command: Command, folder: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_voxplay"));
    let mut path = vec![program.parent().expect("it is in a folder").to_owned()];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["VOXPLAY_", "WOLKVOX_", "GITHUB_", "GITLAB_", "SANDBOX_"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path).expect("no colon in it"))
        .env("COLUMNS", "80")
        .env("NO_COLOR", "1");
    command
}

fn voxplay(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
    command.args(arguments);
    clean(command, folder).output().expect("voxplay starts")
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A project like the repository's, to run commands in.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    copy(
        &repository().join("playbooks"),
        &folder.path().join("playbooks"),
    );
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().expect("it has a name");
        if path.is_dir() {
            // The journal of somebody's own runs is not part of the example.
            if name != ".voxplay" {
                copy(&path, &to.join(name));
            }
        } else {
            std::fs::copy(&path, to.join(name)).expect("it can be copied");
        }
    }
}

/// A part of a document.
enum Part {
    /// Text that means nothing here.
    Prose(String),
    /// A file that a reader is told to write.
    File { name: String, content: String },
    /// Commands, each with its output.
    Console(Vec<(String, String)>),
}

/// Cuts a document into parts; prose keeps the lines that are needed to put it together again.
fn parts(readme: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    let mut named = None;
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        prose.push_str(line);
        prose.push('\n');
        if let Some(name) = line
            .strip_prefix("<!-- file: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        {
            named = Some(name.to_owned());
        }
        if !line.starts_with("```") || line == "```" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if line == "```console" {
            parts.push(Part::Prose(std::mem::take(&mut prose)));
            parts.push(Part::Console(commands(&block)));
        } else {
            let content = block
                .iter()
                .fold(String::new(), |text, line| text + line + "\n");
            prose.push_str(&content);
            if let Some(name) = named.take() {
                parts.push(Part::File { name, content });
            }
        }
        prose.push_str("```\n");
    }
    parts.push(Part::Prose(prose));
    parts
}

fn commands(block: &[&str]) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => {
                output.push_str(line);
                output.push('\n');
            }
            (None, None) => panic!("a console block begins with a command: {line}"),
        }
    }
    commands
}

/// A text without what differs from run to run: times, dates, ports, ids of runs, the times in ids of
/// records, and the blanks before times.
fn settled(text: &str) -> String {
    let mut settled = String::new();
    for line in text.trim_end().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let indent = line.len() - line.trim_start().len();
        let _ = write!(settled, "{:indent$}", "");
        for (index, word) in words.iter().enumerate() {
            let unit = words.get(index + 1).copied().unwrap_or_default();
            let is_time = ["ms", "s"]
                .contains(&unit.trim_end_matches(|c: char| !c.is_alphabetic()))
                && word.starts_with(|c: char| c.is_ascii_digit());
            let bare = word.trim_end_matches(':');
            let is_run = bare.len() == 36 && bare.matches('-').count() == 4;
            let at = |index: usize| word.as_bytes().get(index).copied();
            let shown = if is_time {
                "[time]".to_owned()
            } else if word.starts_with("20") && at(4) == Some(b'-') && at(7) == Some(b'-') {
                "[date]".to_owned()
            } else if word.len() == 8 && at(2) == Some(b':') && at(5) == Some(b':') {
                "[clock]".to_owned()
            } else if is_run {
                "[run]".to_owned()
            } else if let Some(count) = without_time(word) {
                format!("[made]{count}")
            } else if let Some((before, _)) = word.split_once("127.0.0.1:") {
                format!("{before}127.0.0.1:[port]")
            } else if word.starts_with("ms") {
                word.replacen("ms", "s", 1)
            } else {
                without_days(word)
            };
            let _ = write!(settled, "{shown} ");
        }
        settled.truncate(settled.trim_end_matches(' ').len());
        settled.push('\n');
    }
    settled
}

/// What an id of a record has beside the time at which the record was made.
fn without_time(word: &str) -> Option<&str> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let id = word.trim_end_matches(',');
    let is_id = id.len() == 24 && id.bytes().all(is_hex);
    is_id.then(|| &word[8..])
}

/// A word without days as obligations have them (`DD-MM-YYYY`): some are counted from today.
fn without_days(word: &str) -> String {
    let is_day = |text: &str| {
        let layout = "00-00-0000".bytes();
        text.bytes().zip(layout).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
    };
    let mut rest = word;
    let mut shown = String::new();
    while let Some(first) = rest.chars().next() {
        if rest.get(..10).is_some_and(is_day) {
            shown.push_str("[day]");
            rest = &rest[10..];
        } else {
            shown.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shown
}

/// A command that goes on in the background, such as `voxplay sandbox &`, ended with its page.
#[cfg(unix)]
struct Background(std::process::Child);

#[cfg(unix)]
impl Background {
    /// Starts it, and waits for the first line that it prints.
    fn start(command: &str, folder: &Path) -> (Self, String) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1; exec {command}")]);
        let mut child = clean(shell, folder)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("sh starts");
        let output = child.stdout.take().expect("it is piped");
        let mut reader = BufReader::new(output);
        let mut first = String::new();
        reader.read_line(&mut first).expect("it prints text");
        // It may print more, and must not wait for a reader.
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        (Self(child), first)
    }
}

#[cfg(unix)]
impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on, for what the documents do on 8090.
#[cfg(unix)]
fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    address.port().to_string()
}

/// Runs the commands of a page in a project of its own. Gives the page as it should be, how many commands it
/// has, and what differs.
#[cfg(unix)]
fn follow(name: &str) -> (String, usize, Vec<String>) {
    let folder = project();
    let port = free_port();
    let config = folder.path().join("playbooks/voxplay.yaml");
    let own = std::fs::read_to_string(&config).expect("the project has a config");
    std::fs::write(&config, own.replace("8090", &port)).expect("it can be written");
    let mut background = Vec::new();
    let mut written = String::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for part in parts(&page(name)) {
        match part {
            Part::Prose(prose) => written.push_str(&prose),
            Part::File { name, content } => {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().expect("it is in the folder"))
                    .expect("a folder can be made");
                std::fs::write(path, content).expect("it can be written");
            }
            Part::Console(commands) => {
                for (command, wanted) in commands {
                    count += 1;
                    let printed = if let Some(served) = command.strip_suffix(" &") {
                        let served = format!("{served} --port {port}");
                        let (child, first) = Background::start(&served, folder.path());
                        background.push(child);
                        first.replace(&port, "8090")
                    } else {
                        let mut shell = Command::new("sh");
                        shell.args(["-c", &format!("exec 2>&1\n{command}")]);
                        let output = clean(shell, folder.path()).output().expect("sh starts");
                        text(&output).replace(&format!(":{port}"), ":8090")
                    };
                    let same = settled(&printed) == settled(&wanted);
                    if !same {
                        wrong.push(format!(
                            "{name}\n$ {command}\n{printed}\n--- the document has\n{wanted}"
                        ));
                    }
                    let kept = if same { &wanted } else { &printed };
                    let _ = writeln!(written, "{}", format!("$ {command}\n{kept}").trim_end());
                }
            }
        }
    }
    (written, count, wrong)
}

#[cfg(unix)]
#[test]
fn every_command_of_the_documents_prints_what_they_say() {
    let _held = DOCUMENTS.lock();
    let mut all = 0;
    let mut differing = Vec::new();
    for name in pages() {
        let (written, count, wrong) = follow(&name);
        all += count;
        if is_update() && !wrong.is_empty() {
            std::fs::write(repository().join(&name), written).expect("it can be written");
        } else {
            differing.extend(wrong);
        }
    }
    assert!(all > 15, "the documents have lost their commands");
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

/// The commands that are shown without what they print, each as the program would get it.
fn shown_commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("```") || line == "```" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if line == "```sh" {
            let ours = |line: &&&str| line.starts_with("voxplay ");
            commands.extend(block.iter().filter(ours).map(|line| (*line).to_owned()));
        }
    }
    commands
}

#[cfg(unix)]
#[test]
fn every_command_that_is_only_shown_has_flags_that_there_are() {
    let _held = DOCUMENTS.lock();
    let folder = project();
    let mut count = 0;
    for name in pages() {
        for command in shown_commands(&page(&name)) {
            count += 1;
            let bare = command
                .split([';', '|', '>', '#'])
                .next()
                .unwrap_or_default();
            let mut shell = Command::new("sh");
            // Help is printed only where everything before it is right.
            shell.args(["-c", &format!("{bare} --help")]);
            let output = clean(shell, folder.path())
                .env("CI_PIPELINE_ID", "4711")
                .output()
                .expect("sh starts");
            let code = output.status.code();
            assert_eq!(code, Some(0), "{name}: {command}\n{}", text(&output));
        }
    }
    assert!(count > 5, "the documents have lost their commands");
}

#[test]
fn every_link_of_the_documents_leads_to_a_file() {
    for name in pages() {
        let page = page(&name);
        let path = repository().join(&name);
        let folder = path.parent().expect("it is in the repository");
        for link in page.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap_or_default();
            if !link.is_empty() && !link.starts_with("https://") {
                assert!(folder.join(link).exists(), "{name}: {link}");
            }
        }
    }
}

/// Two of them a row: there are many.
fn table_of_filters() -> String {
    // A bar would end the cell, within code as well.
    let cells = |builtin: &Builtin| {
        let signature = builtin.signature().replace('|', "\\|");
        format!("`{signature}` | {}", builtin.summary.replace('|', "\\|"))
    };
    let mut table =
        "\n| filter | what it gives | filter | what it gives |\n|---|---|---|---|\n".to_owned();
    for pair in FILTERS.chunks(2) {
        let right = pair.get(1).map_or_else(|| " | ".to_owned(), cells);
        let _ = writeln!(table, "| {} | {right} |", cells(&pair[0]));
    }
    table.push_str("\nFunctions:\n\n");
    for builtin in FUNCTIONS {
        let _ = writeln!(table, "- `{}`: {}", builtin.signature(), builtin.summary);
    }
    table.push('\n');
    table
}

#[test]
fn the_documents_list_the_filters_that_there_are() {
    let _held = DOCUMENTS.lock();
    let page = page(TEMPLATES);
    let (before, rest) = page
        .split_once(FILTERS_BEGIN)
        .expect("the page has a place for filters");
    let (listed, after) = rest.split_once(FILTERS_END).expect("the place ends");
    let table = table_of_filters();
    if is_update() {
        let written = format!("{before}{FILTERS_BEGIN}{table}{FILTERS_END}{after}");
        std::fs::write(repository().join(TEMPLATES), written).expect("it can be written");
    } else {
        assert_eq!(listed, table, "run it with VOXPLAY_UPDATE_DOCS=1");
    }
}

/// The playbooks of the repository, without the project's own file.
fn playbooks(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder.join("playbooks"))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .filter(|name| name != "voxplay.yaml")
        .collect();
    names.sort();
    assert!(names.len() >= 8, "{names:?}");
    names
}

#[test]
fn every_playbook_passes_check_without_a_warning() {
    let folder = project();
    let output = voxplay(folder.path(), &["check", "playbooks", "--format", "json"]);
    assert_eq!(text(&output), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn every_playbook_runs_against_the_sandbox_without_inputs() {
    let folder = project();
    for name in playbooks(folder.path()) {
        let path = format!("playbooks/{name}");
        let output = voxplay(folder.path(), &["run", &path, "--sandbox"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output));
    }
}

#[test]
fn the_large_example_uses_every_built_in_action() {
    let folder = project();
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
    let playbook = "playbooks/overdue-account.yaml";
    command.args(["run", playbook, "--sandbox", "--format", "json"]);
    let output = clean(command, folder.path())
        .env("AGREEMENT_CODE", "example-agreement-0001")
        .output()
        .expect("voxplay starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut used: Vec<String> = printed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON"))
        .filter(|event| event["outcome"] == "ok")
        .filter_map(|event| Some(event["action"].as_str()?.to_owned()))
        .collect();
    used.sort();
    let catalogue = voxplay::action::Catalogue::built_in();
    assert_eq!(used, catalogue.names().collect::<Vec<_>>(), "{printed}");
    // Its secret must not show.
    assert!(!text(&output).contains("example-agreement-0001"));
}

#[test]
fn examples_of_actions_can_be_pasted_into_a_playbook() {
    let folder = project();
    for name in voxplay::action::Catalogue::built_in().names() {
        let page = text(&voxplay(folder.path(), &["actions", "show", name]));
        let (_, steps) = page
            .split_once("examples, ready for `steps:`\n")
            .unwrap_or_else(|| panic!("{name} has no examples"));
        let path = folder.path().join("playbooks/pasted.yaml");
        std::fs::write(path, format!("voxplay: 1\nsteps:\n{steps}")).expect("it can be written");
        let output = voxplay(
            folder.path(),
            &["check", "playbooks/pasted.yaml", "--format", "json"],
        );
        let printed = text(&output);
        let others: Vec<&str> = printed
            .lines()
            .filter(|line| {
                // The files of the examples are not there, and that is all that may be wrong; the vendor's samples do
                // not follow all that its lists ask for.
                ![
                    "missing-file",
                    "outside-project",
                    "file-extension",
                    "\"advice\"",
                ]
                .iter()
                .any(|code| line.contains(code))
            })
            .collect();
        assert_eq!(others, Vec::<&str>::new(), "{name}\n{steps}");
    }
}

#[test]
fn actions_as_json_keep_their_shape() {
    let folder = project();
    let lines = text(&voxplay(folder.path(), &["actions", "--format", "json"]));
    let listed: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(listed.len(), 5);
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value
            .as_object()
            .expect("it is an object")
            .keys()
            .cloned()
            .collect()
    };
    let head = [
        "schema",
        "name",
        "summary",
        "effect",
        "effects",
        "documentation",
        "origin",
        "file",
    ];
    assert!(listed.iter().all(|action| keys(action) == head));
    let shown = text(&voxplay(
        folder.path(),
        &["actions", "show", "case.update", "--format", "json"],
    ));
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    let whole = [
        "description",
        "effect_cases",
        "method",
        "path",
        "encoding",
        "page",
        "params",
        "response",
        "max_items",
        "outputs",
        "examples",
        "contradictions",
        "notes",
    ];
    assert_eq!(keys(&shown), [&head[..], &whole[..]].concat());
    assert_eq!(shown["effects"], serde_json::json!(["update", "create"]));
    assert_eq!(shown["effect_cases"][0]["if"], "with.files is defined");
}

#[test]
fn no_line_about_actions_is_wider_than_the_terminal() {
    let folder = project();
    let mut pages = vec![text(&voxplay(folder.path(), &["actions"]))];
    for name in voxplay::action::Catalogue::built_in().names() {
        pages.push(text(&voxplay(folder.path(), &["actions", "show", name])));
    }
    for page in pages {
        let prose = page.split("examples, ready").next().unwrap_or_default();
        let wide: Vec<&str> = prose
            .lines()
            // A word that cannot be cut, such as an example in JSON, stands alone.
            .filter(|line| line.chars().count() > 80 && line.split_whitespace().count() > 1)
            .collect();
        assert_eq!(wide, Vec::<&str>::new());
    }
}

#[test]
fn an_action_of_the_project_stands_apart_and_a_broken_one_is_an_error() {
    let folder = project();
    let own = parts(&page("docs/actions.md"))
        .into_iter()
        .find_map(|part| match part {
            Part::File { name, content } if name.contains("actions/") => Some(content),
            _ => None,
        })
        .expect("the page has an action file");
    let actions = folder.path().join("playbooks/actions");
    std::fs::create_dir_all(&actions).expect("a folder can be made");
    std::fs::write(actions.join("record.insert.yaml"), &own).expect("it can be written");
    let listed = voxplay(folder.path(), &["actions", "--project", "playbooks"]);
    let (_, apart) = text(&listed)
        .split_once("this project's own\n")
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .expect("it stands apart");
    assert!(apart.starts_with("record.insert "), "{apart}");
    let shown = voxplay(
        folder.path(),
        &["actions", "show", "record.insert", "--project", "playbooks"],
    );
    assert!(text(&shown).contains("this project: "), "{}", text(&shown));

    let broken = own.replace("effect: create", "effect: maybe");
    std::fs::write(actions.join("record.insert.yaml"), broken).expect("it can be written");
    let listed = voxplay(folder.path(), &["actions", "--project", "playbooks"]);
    assert_eq!(listed.status.code(), Some(3));
}

#[test]
fn the_readme_s_queries_work_on_a_journal() {
    let folder = project();
    let ran = voxplay(
        folder.path(),
        &["run", "playbooks/update-record.yaml", "--sandbox"],
    );
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    let journal =
        rusqlite::Connection::open(folder.path().join("playbooks/.voxplay/journal.sqlite"))
            .expect("the journal is an SQLite file");
    let readme = readme();
    let queries: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("sqlite3 playbooks/.voxplay/journal.sqlite \""))
        .filter_map(|rest| rest.strip_suffix('"'))
        .collect();
    assert_eq!(queries.len(), 2);
    let rows = |query: &str| {
        let mut statement = journal.prepare(query).expect("the query is right");
        let mut rows = statement.query([]).expect("the query runs");
        let mut count = 0;
        while rows.next().expect("a row can be read").is_some() {
            count += 1;
        }
        count
    };
    assert_eq!(rows(queries[0]), 1);
    assert_eq!(rows(queries[1]), 0);
}

#[test]
fn transcripts_of_commands() {
    trycmd::TestCases::new()
        .env("COLUMNS", "80")
        .env("NO_COLOR", "1")
        // A run tells the CI system by itself; a transcript has only what people see.
        .env("GITHUB_ACTIONS", "false")
        .env("GITLAB_CI", "false")
        .case("tests/cmd/*.trycmd");
}
