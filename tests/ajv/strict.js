// Compiles JSON Schemas with ajv in strict mode and checks values against them.
//
//   node strict.js NODE_MODULES < questions.json > answers.json
//
// questions.json: [{ schema: path, values: [any] }]; answers.json: [{ error, valid: [bool] }], in order.
"use strict";

const { readFileSync } = require("node:fs");
const path = require("node:path");

const modules = path.resolve(process.argv[2]);
const Ajv = require(path.join(modules, "ajv/dist/2020")).default;
const addFormats = require(path.join(modules, "ajv-formats")).default;

const questions = JSON.parse(readFileSync(0, "utf8"));
const answers = questions.map(({ schema, values }) => {
  // `required` under a condition names keys whose schemas stand beside the condition, which ajv does not
  // see: that one check is off.
  const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true });
  addFormats(ajv);
  // What editors read and validators need not know.
  ajv.addVocabulary([
    "markdownDescription", "enumDescriptions", "markdownEnumDescriptions", "defaultSnippets",
    "errorMessage", "patternErrorMessage", "x-expected",
  ]);
  try {
    const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));
    return { error: null, valid: (values ?? []).map((value) => validate(value)) };
  } catch (error) {
    return { error: error.message, valid: [] };
  }
});
process.stdout.write(JSON.stringify(answers));
