// Talks to yaml-language-server over stdio as an editor does.
//
//   node session.js NODE_MODULES < questions.json > answers.json
//
// questions.json: [{ ask: "diagnostics" | "completion" | "hover", schema, text }], where `schema` is a
// path and `text` holds the cursor as `‸` for the last two. answers.json has one answer for each, in order.
"use strict";

const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const modules = path.resolve(process.argv[2]);
const questions = JSON.parse(readFileSync(0, "utf8"));
const server = spawn(
  process.execPath,
  [path.join(modules, "yaml-language-server", "bin", "yaml-language-server"), "--stdio"],
  { stdio: ["pipe", "pipe", "inherit"] },
);
server.on("exit", (code) => code && process.exit(code));

const waiting = new Map();
const published = new Map();
let next = 1;
let buffer = Buffer.alloc(0);

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
  server.stdin.write(body);
}

function request(method, params) {
  const id = next++;
  send({ id, method, params });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

function receive(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    published.get(message.params.uri)?.(message.params.diagnostics);
  } else if (message.method === "workspace/configuration") {
    send({ id: message.id, result: message.params.items.map((item) => settings[item.section] ?? null) });
  } else if (message.method && message.id !== undefined) {
    send({ id: message.id, result: null });
  } else if (waiting.has(message.id)) {
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    message.error ? reject(new Error(message.error.message)) : resolve(message.result);
  }
}

server.stdout.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const head = buffer.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, head).toString())[1]);
    if (buffer.length < head + 4 + length) return;
    const body = buffer.subarray(head + 4, head + 4 + length).toString();
    buffer = buffer.subarray(head + 4 + length);
    receive(JSON.parse(body));
  }
});

const settings = {
  yaml: { validate: true, completion: true, hover: true, schemaStore: { enable: false }, schemas: {} },
  editor: { tabSize: 2, detectIndentation: false },
};

function place(text) {
  const before = text.slice(0, text.indexOf("‸")).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
}

function line(text, diagnostic) {
  return {
    line: diagnostic.range.start.line + 1,
    text: text.split("\n")[diagnostic.range.start.line].trim(),
    message: diagnostic.message,
  };
}

async function answer({ ask, schema, text }, number) {
  const uri = `file:///cases/${number}.yaml`;
  const clean = text.replace("‸", "");
  // The schema stands in the text itself, as `voxplay init` writes it.
  const modeline = `# yaml-language-server: $schema=${pathToFileURL(path.resolve(schema))}\n`;
  const diagnostics = new Promise((resolve) => published.set(uri, resolve));
  send({
    method: "textDocument/didOpen",
    params: { textDocument: { uri, languageId: "yaml", version: 1, text: modeline + clean } },
  });
  const found = await diagnostics;
  const at = () => {
    const { line, character } = place(text);
    return { textDocument: { uri }, position: { line: line + 1, character } };
  };
  let result;
  if (ask === "diagnostics") {
    result = found.map((one) => {
      const said = line(modeline + clean, one);
      return { ...said, line: said.line - 1 };
    });
  } else if (ask === "completion") {
    const list = await request("textDocument/completion", at());
    result = list.items.map((item) => ({
      label: item.label,
      insert: item.textEdit?.newText ?? item.insertText,
      about: item.documentation?.value ?? item.documentation ?? "",
    }));
  } else {
    const hover = await request("textDocument/hover", at());
    result = hover?.contents?.value ?? "";
  }
  send({ method: "textDocument/didClose", params: { textDocument: { uri } } });
  published.delete(uri);
  return result;
}

async function main() {
  await request("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      textDocument: {
        completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown"] } },
        hover: { contentFormat: ["markdown"] },
        publishDiagnostics: {},
      },
      workspace: { configuration: true },
    },
  });
  send({ method: "initialized", params: {} });
  send({ method: "workspace/didChangeConfiguration", params: { settings } });
  const answers = [];
  for (const [number, question] of questions.entries()) answers.push(await answer(question, number));
  await request("shutdown");
  send({ method: "exit" });
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
