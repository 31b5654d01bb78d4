//! The filters, functions and tests that templates have, as tables. It knows no syntax.

mod call;
mod choices;
mod conditions;
mod dates;
mod fallbacks;
mod formats;
mod lists;
mod numbers;
mod ranks;
mod slices;
mod texts;

use std::borrow::Cow;

pub(super) use call::{Budget, Call, into_items, within_text};
pub(super) use slices::slice;

use super::error::{ErrorKind, TemplateError};
use crate::diagnostic::did_you_mean;
use crate::value::Value;

type Outcome<'a> = Result<Cow<'a, Value>, TemplateError>;
type Run = for<'a> fn(&mut Call<'_, 'a>) -> Outcome<'a>;
type Check = fn(&[Option<&Value>]) -> Result<(), TemplateError>;

/// How a built-in is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// `value | name`
    Filter,
    /// `value is name`
    Test,
    /// `name()`
    Function,
}

/// A filter, test or function: what its author needs to know, and what it does.
#[derive(Debug)]
pub struct Builtin {
    /// The name.
    pub name: &'static str,
    /// How it is written.
    pub usage_kind: Usage,
    /// The names of its parameters; one that ends with `?` may be left out.
    pub parameters: &'static [&'static str],
    /// What it does, in one line.
    pub summary: &'static str,
    /// An expression that uses it, and its value as JSON. Times are those of a run that started on
    /// 2026-03-05 at 10:30 in a zone five hours behind UTC.
    pub example: (&'static str, &'static str),
    /// How many parameters can be given without their name, where not all of them can.
    positional: Option<usize>,
    /// Whether further arguments are handed on to a filter or test that it applies.
    pub(super) takes_more: bool,
    /// Whether the input may be undefined.
    pub(super) allows_missing: bool,
    /// What can be said about literal arguments before anything runs.
    pub(super) check: Option<Check>,
    run: Run,
}

impl Builtin {
    const fn new(
        usage_kind: Usage,
        name: &'static str,
        parameters: &'static [&'static str],
        summary: &'static str,
        example: (&'static str, &'static str),
        run: Run,
    ) -> Self {
        Self {
            name,
            usage_kind,
            parameters,
            summary,
            example,
            positional: None,
            takes_more: false,
            allows_missing: false,
            check: None,
            run,
        }
    }

    const fn allows_missing(mut self) -> Self {
        self.allows_missing = true;
        self
    }

    const fn takes_more(mut self, positional: usize) -> Self {
        self.takes_more = true;
        self.positional = Some(positional);
        self
    }

    const fn checked(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    /// Name and parameters: `replace(from, to)`.
    pub fn signature(&self) -> String {
        let parameters = self.parameters.join(", ");
        match (self.parameters.is_empty(), self.usage_kind) {
            (true, Usage::Filter | Usage::Test) => self.name.to_owned(),
            _ => format!("{}({parameters})", self.name),
        }
    }

    /// As it stands in a template: `value | replace(from, to)`.
    pub fn usage(&self) -> String {
        match self.usage_kind {
            Usage::Filter => format!("value | {}", self.signature()),
            Usage::Test => format!("value is {}", self.signature()),
            Usage::Function => self.signature(),
        }
    }

    /// Whether it compares what it is applied to with its one argument, as an operator does.
    pub(super) fn compares(&self) -> bool {
        self.usage_kind == Usage::Test && matches!(self.parameters, ["other" | "container"])
    }

    pub(super) fn by_position(&self) -> usize {
        self.positional.unwrap_or(self.parameters.len())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<usize> {
        self.parameters
            .iter()
            .position(|parameter| parameter.trim_end_matches('?') == name)
    }

    /// The first parameter that must be given and is not.
    pub(super) fn first_missing(&self, given: impl Fn(usize) -> bool) -> Option<&'static str> {
        self.parameters
            .iter()
            .enumerate()
            .find(|(index, parameter)| !parameter.ends_with('?') && !given(*index))
            .map(|(_, parameter)| *parameter)
    }

    pub(super) fn run<'a>(&self, call: &mut Call<'_, 'a>) -> Outcome<'a> {
        (self.run)(call)
    }
}

macro_rules! table {
    ($usage:ident: $($name:literal ($($parameter:literal),*) = $run:path, $summary:literal,
        $example:literal => $value:literal $(, $($extra:ident($($argument:expr)?)).+)?;)*) => {
        &[$(Builtin::new(Usage::$usage, $name, &[$($parameter),*], $summary, ($example, $value), $run)
            $($(.$extra($($argument)?))+)?,)*]
    };
}

/// Every filter: `value | name(…)`.
pub const FILTERS: &[Builtin] = table! { Filter:
    "datetime"() = dates::datetime, "A date as YYYY-MM-DD HH:MM:SS, in the run's time zone.",
        "now() | add_days(2) | datetime" => r#""2026-03-07 10:30:00""#;
    "date"() = dates::date, "A date as YYYY-MM-DD, in the run's time zone.",
        "now() | date" => r#""2026-03-05""#;
    "obligation_date"() = dates::obligation_date, "A date as DD-MM-YYYY, as obligations want it.",
        "'2026-01-31' | obligation_date" => r#""31-01-2026""#;
    "add_days"("n") = dates::add_days, "The same time of day, `n` days later, or earlier.",
        "'2026-02-27' | add_days(2)" => r#""2026-03-01""#;
    "add_hours"("n") = dates::add_hours, "`n` hours later, or earlier.",
        "'2026-01-31 23:00:00' | add_hours(2) | datetime" => r#""2026-02-01 01:00:00""#;
    "add_minutes"("n") = dates::add_minutes, "`n` minutes later, or earlier.",
        "now() | add_minutes(45) | datetime" => r#""2026-03-05 11:15:00""#;
    "add_months"("n") = dates::add_months, "`n` months later; the last day of a shorter month.",
        "'2026-01-31' | add_months(1)" => r#""2026-02-28""#;
    "parse_date"("format") = dates::parse_date, "Reads a date that is written in a strptime format.",
        "'31/01/2026' | parse_date('%d/%m/%Y')" => r#""2026-01-31""#, checked(dates::check_format);
    "format_date"("format") = dates::format_date, "Writes a date in a strftime format.",
        "'2026-01-31' | format_date('%d/%m/%y')" => r#""31/01/26""#, checked(dates::check_format);

    "default"("value", "boolean?") = fallbacks::default, "`value` where the input is undefined; with `true`, also where it is empty, null or false.",
        "inputs.nothing | default('x')" => r#""x""#, allows_missing();
    "d"("value", "boolean?") = fallbacks::default, "Short for `default`.",
        "'' | d('x', true)" => r#""x""#, allows_missing();
    "required"("message") = fallbacks::required, "The input, or an error with `message` where it is undefined, null or blank.",
        "'5' | required('give an id')" => r#""5""#, allows_missing();

    "text"() = texts::text, "A number or boolean as text, digit for digit.",
        "10.50 | text" => r#""10.50""#;
    "string"() = texts::text, "The same as `text`.", "true | string" => r#""true""#;
    "digits"() = texts::digits, "Only the digits 0 to 9 of a text or an integer.",
        "'(300) 123-4567' | digits" => r#""3001234567""#;
    "upper"() = texts::upper, "In capitals.", "'ñandú' | upper" => r#""ÑANDÚ""#;
    "lower"() = texts::lower, "In small letters.", "'ÑANDÚ' | lower" => r#""ñandú""#;
    "title"() = texts::title, "Each word with a capital.", "'ana maría' | title" => r#""Ana María""#;
    "capitalize"() = texts::capitalize, "The first letter as a capital, the rest small.",
        "'ANA maría' | capitalize" => r#""Ana maría""#;
    "trim"("chars?") = texts::trim, "Without white space, or without `chars`, at both ends.",
        "'  x ' | trim" => r#""x""#;
    "replace"("from", "to") = texts::replace, "With every `from` replaced by `to`.",
        "'1.234.567' | replace('.', '')" => r#""1234567""#;
    "split"("separator?", "most?") = texts::split, "The parts between separators, or between white space; at most `most` cuts.",
        "'a;b;c' | split(';')" => r#"["a","b","c"]"#;
    "lines"() = texts::lines, "The lines of a text.", "'a\\nb' | lines" => r#"["a","b"]"#;
    "join"("separator?", "attribute?") = texts::join, "One text of all items, or of their `attribute`.",
        "[1, true, 'x'] | join(', ')" => r#""1, true, x""#;
    "tojson"() = texts::tojson, "The value as JSON text.",
        "{'a': [1.50, none]} | tojson" => r#""{\"a\":[1.50,null]}""#;

    "int"("default?") = numbers::int, "A whole number; decimals are cut off.",
        "'012' | int" => "12";
    "float"("default?") = numbers::float, "A number with decimals.", "'2.5' | float" => "2.5";
    "round"("precision?") = numbers::round, "Rounded to `precision` decimals, none if not given.",
        "2.345 | round(1)" => "2.3";
    "abs"() = numbers::abs, "Without its minus sign.", "-2.50 | abs" => "2.50";
    "sum"("attribute?") = numbers::sum, "The sum of the items, or of their `attribute`.",
        "[1, 2, 3] | sum" => "6";

    "length"() = lists::length, "How many items, keys or characters.", "'año' | length" => "3";
    "count"() = lists::length, "The same as `length`.", "[1, 2] | count" => "2";
    "first"() = lists::first, "The first item.", "[1, 2] | first" => "1";
    "last"() = lists::last, "The last item.", "[1, 2] | last" => "2";
    "list"() = lists::list, "A list of the items, or of an object's keys.", "{'a': 1} | list" => r#"["a"]"#;
    "items"() = lists::items, "An object as a list of pairs.", "{'a': 1} | items" => r#"[["a",1]]"#;
    "reverse"() = lists::reverse, "Back to front.", "[1, 2] | reverse" => "[2,1]";
    "sort"("reverse?", "case_sensitive?", "attribute?") = ranks::sort, "In ascending order.",
        "[10, 9.50] | sort" => "[9.50,10]";
    "unique"("attribute?") = ranks::unique, "Without the items that are equal to an earlier one.",
        "['a', 'b', 'a'] | unique" => r#"["a","b"]"#;
    "min"("attribute?") = ranks::min, "The smallest item.", "[3, 1, 2] | min" => "1";
    "max"("attribute?") = ranks::max, "The largest item.", "[3, 1, 2] | max" => "3";
    "batch"("size") = lists::batch, "Lists of at most `size` items.", "[1, 2, 3] | batch(2)" => "[[1,2],[3]]";
    "map"("filter?", "attribute?", "default?") = choices::map, "The `attribute` of each item, or each item through a filter.",
        "[{'id': '7'}, {'id': '8'}] | map(attribute='id')" => r#"["7","8"]"#, takes_more(1).checked(choices::check_filter);
    "select"("test?") = choices::select, "The items that pass a test, or are true.",
        "[1, 2, 3] | select('odd')" => "[1,3]", takes_more(1).checked(choices::check_first_test);
    "reject"("test?") = choices::reject, "The items that do not pass a test, or are not true.",
        "['a', '', 'b'] | reject('==', '')" => r#"["a","b"]"#, takes_more(1).checked(choices::check_first_test);
    "selectattr"("attribute", "test?") = choices::selectattr, "The items whose `attribute` passes a test.",
        "[{'n': 1}, {'n': 2}] | selectattr('n', '>', 1)" => r#"[{"n":2}]"#, takes_more(2).checked(choices::check_second_test);
    "rejectattr"("attribute", "test?") = choices::rejectattr, "The items whose `attribute` does not pass a test.",
        "[{'n': 1}, {'n': 2}] | rejectattr('n', '>', 1)" => r#"[{"n":1}]"#, takes_more(2).checked(choices::check_second_test);
};

/// Every function: `name(…)`.
pub const FUNCTIONS: &[Builtin] = table! { Function:
    "now"() = dates::now, "When the run started, as ISO 8601 text with its offset; the same throughout a run.",
        "now()" => r#""2026-03-05T10:30:00-05:00""#;
    "range"("start", "stop?", "step?") = slices::range, "Whole numbers, at most 10,000, without the last.",
        "range(1, 4)" => "[1,2,3]";
};

/// Every test: `value is name(…)`.
pub const TESTS: &[Builtin] = table! { Test:
    "defined"() = conditions::defined, "There is such a value.", "inputs.nothing is defined" => "false", allows_missing();
    "undefined"() = conditions::undefined, "There is no such value.", "inputs.nothing is undefined" => "true", allows_missing();
    "none"() = conditions::none, "It is null.", "none is none" => "true";
    "boolean"() = conditions::boolean, "It is true or false.", "false is boolean" => "true";
    "true"() = conditions::is_true, "It is `true`.", "true is true" => "true";
    "false"() = conditions::is_false, "It is `false`.", "true is false" => "false";
    "number"() = conditions::number, "It is a number.", "'1' is number" => "false";
    "integer"() = conditions::integer, "It is a number without decimals.", "1 is integer" => "true";
    "float"() = conditions::float, "It is a number with decimals.", "1.0 is float" => "true";
    "string"() = conditions::string, "It is text.", "'1' is string" => "true";
    "sequence"() = conditions::sequence, "It is a list.", "[] is sequence" => "true";
    "iterable"() = conditions::iterable, "A loop can go over it.", "{} is iterable" => "true";
    "mapping"() = conditions::mapping, "It is an object.", "{} is mapping" => "true";
    "odd"() = conditions::odd, "It is an odd integer.", "3 is odd" => "true";
    "even"() = conditions::even, "It is an even integer.", "3 is even" => "false";
    "divisibleby"("n") = conditions::divisible_by, "It is a multiple of `n`.", "9 is divisibleby(3)" => "true";
    "lower"() = conditions::lower, "It has no capitals.", "'a' is lower" => "true";
    "upper"() = conditions::upper, "It has no small letters.", "'a' is upper" => "false";
    "startingwith"("text") = conditions::starting_with, "It begins with `text`.", "'+57300' is startingwith('+57')" => "true";
    "endingwith"("text") = conditions::ending_with, "It ends with `text`.", "'a.pdf' is endingwith('.pdf')" => "true";
    "in"("container") = conditions::within, "It is an item, a key or a part of `container`.", "1 is in([1, 2])" => "true";
    "eq"("other") = conditions::equal, "It is equal to `other`.", "1 is eq(1.0)" => "true";
    "equalto"("other") = conditions::equal, "The same as `eq`.", "1 is equalto(2)" => "false";
    "=="("other") = conditions::equal, "The same as `eq`, for `select`.", "[1, 2] | select('==', 1)" => "[1]";
    "ne"("other") = conditions::unequal, "It is not equal to `other`.", "1 is ne(2)" => "true";
    "!="("other") = conditions::unequal, "The same as `ne`, for `select`.", "[1, 2] | select('!=', 1)" => "[2]";
    "lt"("other") = conditions::less, "It is less than `other`.", "1 is lt(2)" => "true";
    "lessthan"("other") = conditions::less, "The same as `lt`.", "1 is lessthan(2)" => "true";
    "<"("other") = conditions::less, "The same as `lt`, for `select`.", "[1, 2] | select('<', 2)" => "[1]";
    "le"("other") = conditions::at_most, "It is at most `other`.", "2 is le(2)" => "true";
    "<="("other") = conditions::at_most, "The same as `le`, for `select`.", "[1, 2] | select('<=', 1)" => "[1]";
    "gt"("other") = conditions::greater, "It is greater than `other`.", "2 is gt(1)" => "true";
    "greaterthan"("other") = conditions::greater, "The same as `gt`.", "2 is greaterthan(2)" => "false";
    ">"("other") = conditions::greater, "The same as `gt`, for `select`.", "[1, 2] | select('>', 1)" => "[2]";
    "ge"("other") = conditions::at_least, "It is at least `other`.", "2 is ge(2)" => "true";
    ">="("other") = conditions::at_least, "The same as `ge`, for `select`.", "[1, 2] | select('>=', 2)" => "[2]";
};

pub(super) fn filter(name: &str) -> Option<&'static Builtin> {
    FILTERS.iter().find(|known| known.name == name)
}

pub(super) fn function(name: &str) -> Option<&'static Builtin> {
    FUNCTIONS.iter().find(|known| known.name == name)
}

/// The filter that has another name in other languages.
pub(super) fn of_other_languages(name: &str) -> Option<&'static str> {
    Some(match name {
        "strip" => "trim",
        "strftime" => "format_date",
        "strptime" => "parse_date",
        "len" | "size" => "length",
        "str" => "string",
        _ => return None,
    })
}

/// The filter of a name, or an error that names the nearest.
pub(super) fn find_filter(name: &str) -> Result<&'static Builtin, TemplateError> {
    filter(name).ok_or_else(|| {
        TemplateError::new(
            ErrorKind::UnknownFilter(name.to_owned()),
            format!("there is no filter `{name}`"),
        )
        .maybe_help(match of_other_languages(name) {
            Some(own) => Some(format!("did you mean `{own}`?")),
            None => did_you_mean(name, FILTERS.iter().map(|known| known.name)),
        })
    })
}

/// The test of a name, or an error that names the nearest.
pub(super) fn find_test(name: &str) -> Result<&'static Builtin, TemplateError> {
    let known = TESTS.iter().find(|known| known.name == name);
    known.ok_or_else(|| {
        TemplateError::new(
            ErrorKind::UnknownTest(name.to_owned()),
            format!("there is no test `is {name}`"),
        )
        .maybe_help(did_you_mean(name, TESTS.iter().map(|known| known.name)))
    })
}
