//! Built-ins and their arguments, checked before anything runs.

use std::ops::Range;

use minijinja::machinery::ast;

use super::{Compiled, Compiler};
use crate::diagnostic::did_you_mean;
use crate::template::builtins::{self, Builtin};
use crate::template::error::{ErrorKind, TemplateError};
use crate::template::tree::{Arguments, Expr, ExprKind};
use crate::value::Value;

impl Compiler<'_> {
    pub(super) fn call(&mut self, call: &ast::Call<'_>, span: &Range<usize>) -> Compiled<ExprKind> {
        match &call.expr {
            ast::Expr::Var(name) => {
                let builtin = builtins::function(name.id).ok_or_else(|| {
                    let known = builtins::FUNCTIONS.iter().map(|known| known.name);
                    TemplateError::new(
                        ErrorKind::UnknownFunction(name.id.to_owned()),
                        format!("there is no function `{}`", name.id),
                    )
                    .at(&self.place(name.span()))
                    .maybe_help(match builtins::filter(name.id) {
                        Some(filter) => Some(format!(
                            "`{}` is a filter: write `value | {}`",
                            filter.name,
                            filter.signature()
                        )),
                        None => did_you_mean(name.id, known),
                    })
                })?;
                let arguments = self.arguments(builtin, &call.args, span)?;
                Ok(ExprKind::Call { builtin, arguments })
            }
            ast::Expr::GetAttr(method) => Err(TemplateError::new(
                ErrorKind::UnknownFunction(method.name.to_owned()),
                format!(
                    "values have no methods, so there is no `.{}()`",
                    method.name
                ),
            )
            .at(span)
            .help(method_help(method.name))),
            _ => Err(TemplateError::syntax("only a function can be called").at(span)),
        }
    }

    pub(super) fn arguments(
        &mut self,
        builtin: &'static Builtin,
        given: &[ast::CallArg<'_>],
        span: &Range<usize>,
    ) -> Compiled<Arguments> {
        let wrong = |problem: String| {
            Err(TemplateError::syntax(problem)
                .at(span)
                .help(format!("it is written `{}`", builtin.usage())))
        };
        let mut slots: Vec<Option<Expr>> = builtin.parameters.iter().map(|_| None).collect();
        let mut rest = Vec::new();
        for argument in given {
            match argument {
                ast::CallArg::Pos(value) => {
                    let value = self.expr(value)?;
                    match slots[..builtin.by_position()]
                        .iter_mut()
                        .find(|slot| slot.is_none())
                    {
                        Some(slot) => *slot = Some(value),
                        None if builtin.takes_more => rest.push(value),
                        None => {
                            return wrong(format!("`{}` has too many arguments", builtin.name));
                        }
                    }
                }
                ast::CallArg::Kwarg(name, value) => match builtin.parameter(name) {
                    Some(index) if slots[index].is_none() => slots[index] = Some(self.expr(value)?),
                    Some(_) => {
                        return wrong(format!("`{name}` is given to `{}` twice", builtin.name));
                    }
                    None => return wrong(format!("`{}` has no argument `{name}`", builtin.name)),
                },
                ast::CallArg::PosSplat(_) | ast::CallArg::KwargSplat(_) => {
                    return wrong("arguments cannot be unpacked with `*`".to_owned());
                }
            }
        }
        if let Some(missing) = builtin.first_missing(|index| slots[index].is_some()) {
            return wrong(format!("`{}` needs `{missing}`", builtin.name));
        }
        let constants: Vec<Option<&Value>> = slots
            .iter()
            .map(|slot| match slot.as_ref().map(|expr| &expr.kind) {
                Some(ExprKind::Constant(value)) => Some(value),
                _ => None,
            })
            .collect();
        if let Some(check) = builtin.check {
            check(&constants).map_err(|error| error.at(span))?;
        }
        Ok(Arguments { slots, rest })
    }
}

fn method_help(name: &str) -> String {
    match name {
        "get" => "write `value['key'] | default(…)`".to_owned(),
        "startswith" => "write `value is startingwith(…)`".to_owned(),
        "endswith" => "write `value is endingwith(…)`".to_owned(),
        "keys" => "write `value | list`".to_owned(),
        _ => match builtins::filter(builtins::of_other_languages(name).unwrap_or(name)) {
            Some(filter) => format!("write `value | {}`", filter.signature()),
            None => "use a filter: `value | filter`".to_owned(),
        },
    }
}
