//! Expressions, with the whole of the text that each stands at.

use std::ops::Range;

use minijinja::machinery::ast;

use super::{Compiled, Compiler};
use crate::template::builtins::{self, Builtin};
use crate::template::error::TemplateError;
use crate::template::operators;
use crate::template::tree::{Expr, ExprKind, Key, Operator, Relation};
use crate::value::{Number, Value};

impl Compiler<'_> {
    pub(super) fn expr_here(&mut self, expr: &ast::Expr<'_>) -> Compiled<Expr> {
        use ast::Expr as Ast;
        let span = self.place(expr.span());
        // Each kind in a method of its own: this one calls itself, so its frame must be small.
        let kind = match expr {
            Ast::Var(name) => ExprKind::Path {
                root: name.id.to_owned(),
                keys: Vec::new(),
            },
            Ast::Const(constant) => ExprKind::Constant(self.constant(&constant.value, &span)?),
            Ast::GetAttr(member) => return self.member(member, &span),
            Ast::GetItem(item) => return self.item(item, &span),
            Ast::Slice(slice) => self.slice(slice)?,
            Ast::UnaryOp(unary) => self.unary(unary)?,
            Ast::BinOp(binary) => self.binary(binary)?,
            Ast::Compare(compare) => self.compare_chain(compare)?,
            Ast::IfExpr(choice) => self.choice(choice)?,
            Ast::Filter(filter) => self.filter(filter, &span)?,
            Ast::Test(test) => self.test(test, &span)?,
            Ast::Call(call) => self.call(call, &span)?,
            Ast::List(list) => ExprKind::List(self.all(&list.items)?),
            Ast::Tuple(tuple) => ExprKind::List(self.all(&tuple.items)?),
            Ast::Map(map) => self.map(map)?,
        };
        Ok(Expr {
            range: reach(&kind, &span, expr),
            kind,
        })
    }

    fn slice(&mut self, slice: &ast::Slice<'_>) -> Compiled<ExprKind> {
        Ok(ExprKind::Slice {
            of: self.boxed(&slice.expr)?,
            bounds: Box::new([
                self.maybe(slice.start.as_ref())?,
                self.maybe(slice.stop.as_ref())?,
                self.maybe(slice.step.as_ref())?,
            ]),
        })
    }

    fn unary(&mut self, unary: &ast::UnaryOp<'_>) -> Compiled<ExprKind> {
        let inner = self.boxed(&unary.expr)?;
        Ok(match unary.op {
            ast::UnaryOpKind::Not => ExprKind::Not(inner),
            ast::UnaryOpKind::Neg => ExprKind::Negative(inner),
        })
    }

    fn compare_chain(&mut self, compare: &ast::Compare<'_>) -> Compiled<ExprKind> {
        let first = self.boxed(&compare.expr)?;
        let steps = compare.ops.iter();
        let rest: Vec<_> = steps
            .map(|step| Ok((chained(step.op), self.expr(&step.expr)?)))
            .collect::<Compiled<_>>()?;
        refuse_code_in_text(&first, &rest)?;
        Ok(ExprKind::Compare { first, rest })
    }

    fn choice(&mut self, choice: &ast::IfExpr<'_>) -> Compiled<ExprKind> {
        Ok(ExprKind::If {
            test: self.boxed(&choice.test_expr)?,
            then: self.boxed(&choice.true_expr)?,
            otherwise: self.maybe(choice.false_expr.as_ref())?.map(Box::new),
        })
    }

    fn filter(&mut self, filter: &ast::Filter<'_>, span: &Range<usize>) -> Compiled<ExprKind> {
        let builtin = builtins::find_filter(filter.name).map_err(|error| error.at(span))?;
        let Some(input) = &filter.expr else {
            return Err(TemplateError::syntax("a filter stands after a value").at(span));
        };
        self.apply(builtin, input, &filter.args, span)
    }

    fn test(&mut self, test: &ast::Test<'_>, span: &Range<usize>) -> Compiled<ExprKind> {
        let builtin = builtins::find_test(test.name).map_err(|error| error.at(span))?;
        self.apply(builtin, &test.expr, &test.args, span)
    }

    fn map(&mut self, map: &ast::Map<'_>) -> Compiled<ExprKind> {
        map.keys
            .iter()
            .zip(&map.values)
            .map(|(key, value)| Ok((self.expr(key)?, self.expr(value)?)))
            .collect::<Compiled<_>>()
            .map(ExprKind::Map)
    }

    fn member(&mut self, member: &ast::GetAttr<'_>, span: &Range<usize>) -> Compiled<Expr> {
        let of = self.expr(&member.expr)?;
        Ok(extend(of, Key::Name(member.name.to_owned()), span))
    }

    fn item(&mut self, item: &ast::GetItem<'_>, span: &Range<usize>) -> Compiled<Expr> {
        let of = self.expr(&item.expr)?;
        let key = self.expr(&item.subscript_expr)?;
        let literal = match &key.kind {
            ExprKind::Constant(Value::Text(name)) => Some(Key::Name(name.clone())),
            ExprKind::Constant(Value::Number(number)) => {
                number.as_str().parse().ok().map(Key::Index)
            }
            _ => None,
        };
        Ok(match literal {
            Some(key) => extend(of, key, span),
            None => Expr {
                range: of.range.start.min(span.start)..span.end,
                kind: ExprKind::Item {
                    of: Box::new(of),
                    key: Box::new(key),
                },
            },
        })
    }

    /// A literal keeps the digits that it was written with, where JSON can spell them so.
    fn constant(&self, value: &minijinja::Value, span: &Range<usize>) -> Compiled<Value> {
        use minijinja::value::ValueKind;
        Ok(match value.kind() {
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::String => Value::Text(value.as_str().unwrap_or_default().to_owned()),
            ValueKind::Number => self.number(value, span)?,
            _ => Value::Null,
        })
    }

    /// A number as it was written, where it is one in JSON too.
    fn number(&self, value: &minijinja::Value, span: &Range<usize>) -> Compiled<Value> {
        let written = &self.text[span.clone()];
        if let Some(number) = Number::parse(written) {
            return Ok(Value::Number(number));
        }
        if begins_with_zero(written) {
            let problem = format!("the number {written} would lose its first zero");
            return Err(TemplateError::syntax(problem)
                .at(span)
                .help(format!("a text keeps it: `'{written}'`")));
        }
        match Number::parse(&value.to_string()) {
            Some(number) => Ok(Value::Number(number)),
            None => operators::from_float(f64::try_from(value.clone()).unwrap_or(f64::NAN))
                .map_err(|error| error.at(span)),
        }
    }

    fn binary(&mut self, binary: &ast::BinOp<'_>) -> Compiled<ExprKind> {
        use ast::BinOpKind as Op;
        let operator = match binary.op {
            Op::ScAnd => return Ok(ExprKind::All(self.chain(binary)?)),
            Op::ScOr => return Ok(ExprKind::Any(self.chain(binary)?)),
            Op::Concat => return Ok(ExprKind::Concat(self.chain(binary)?)),
            Op::Eq => return self.compare(binary, Relation::Equal),
            Op::Ne => return self.compare(binary, Relation::NotEqual),
            Op::Lt => return self.compare(binary, Relation::Less),
            Op::Lte => return self.compare(binary, Relation::LessOrEqual),
            Op::Gt => return self.compare(binary, Relation::Greater),
            Op::Gte => return self.compare(binary, Relation::GreaterOrEqual),
            Op::In => return self.compare(binary, Relation::In),
            Op::Add => Operator::Add,
            Op::Sub => Operator::Subtract,
            Op::Mul => Operator::Multiply,
            Op::Div => Operator::Divide,
            Op::FloorDiv => Operator::FloorDivide,
            Op::Rem => Operator::Remainder,
            Op::Pow => Operator::Power,
        };
        Ok(ExprKind::Arithmetic {
            operator,
            left: self.boxed(&binary.left)?,
            right: self.boxed(&binary.right)?,
        })
    }

    /// `a ~ b ~ c` is read as `(a ~ b) ~ c`; as a list it takes no depth.
    fn chain(&mut self, binary: &ast::BinOp<'_>) -> Compiled<Vec<Expr>> {
        let mut parts = vec![&binary.right];
        let mut first = &binary.left;
        while let ast::Expr::BinOp(inner) = first
            && std::mem::discriminant(&inner.op) == std::mem::discriminant(&binary.op)
        {
            parts.push(&inner.right);
            first = &inner.left;
        }
        parts.push(first);
        parts
            .into_iter()
            .rev()
            .map(|part| self.expr(part))
            .collect()
    }

    fn compare(&mut self, binary: &ast::BinOp<'_>, relation: Relation) -> Compiled<ExprKind> {
        let first = self.boxed(&binary.left)?;
        let rest = vec![(relation, self.expr(&binary.right)?)];
        refuse_code_in_text(&first, &rest)?;
        Ok(ExprKind::Compare { first, rest })
    }

    fn apply(
        &mut self,
        builtin: &'static Builtin,
        input: &ast::Expr<'_>,
        arguments: &[ast::CallArg<'_>],
        span: &Range<usize>,
    ) -> Compiled<ExprKind> {
        Ok(ExprKind::Apply {
            builtin,
            input: self.boxed(input)?,
            arguments: self.arguments(builtin, arguments, span)?,
        })
    }
}

/// `response.code in "200,201"`: no code is a part of a text, and whoever writes it means a list. It is known before a
/// request is sent whose answer nobody could judge.
fn refuse_code_in_text(first: &Expr, rest: &[(Relation, Expr)]) -> Compiled<()> {
    let mut left = first;
    for (relation, right) in rest {
        if let (Relation::In | Relation::NotIn, ExprKind::Constant(Value::Text(text))) =
            (relation, &right.kind)
            && left.is_code()
        {
            let error = TemplateError::type_mismatch("a code is looked for in a list, not in text")
                .help(operators::numbers_written_as(text));
            return Err(error.at(&(left.range.start..right.range.end)));
        }
        left = right;
    }
    Ok(())
}

/// `of.key` or `of['key']`: a longer path, or a computed member.
fn extend(of: Expr, key: Key, span: &Range<usize>) -> Expr {
    let range = of.range.start.min(span.start)..span.end;
    let kind = match of.kind {
        ExprKind::Path { root, mut keys } => {
            keys.push(key);
            ExprKind::Path { root, keys }
        }
        _ => ExprKind::Item {
            key: Box::new(Expr {
                range: range.clone(),
                kind: ExprKind::Constant(match key {
                    Key::Name(name) => Value::Text(name),
                    Key::Index(index) => Value::from(index as u64),
                }),
            }),
            of: Box::new(of),
        },
    };
    Expr { range, kind }
}

/// The whole of an expression: minijinja's spans of filters, comparisons and chains begin too late
/// or too early.
fn reach(kind: &ExprKind, span: &Range<usize>, expr: &ast::Expr<'_>) -> Range<usize> {
    let start = match kind {
        ExprKind::Apply { input, .. } => input.range.start,
        ExprKind::Compare { first, .. } => first.range.start,
        ExprKind::If { then, .. } => then.range.start,
        ExprKind::Slice { of, .. } => of.range.start.min(span.start),
        // `x not in y` is a `not` whose span begins one token too early.
        ExprKind::Not(inner) if matches!(expr, ast::Expr::UnaryOp(op) if matches!(&op.expr, ast::Expr::BinOp(b) if matches!(b.op, ast::BinOpKind::In))) => {
            inner.range.start
        }
        _ => span.start,
    };
    start.min(span.end)..span.end
}

const fn chained(op: ast::CompareOpKind) -> Relation {
    match op {
        ast::CompareOpKind::Eq => Relation::Equal,
        ast::CompareOpKind::Ne => Relation::NotEqual,
        ast::CompareOpKind::Lt => Relation::Less,
        ast::CompareOpKind::Lte => Relation::LessOrEqual,
        ast::CompareOpKind::Gt => Relation::Greater,
        ast::CompareOpKind::Gte => Relation::GreaterOrEqual,
        ast::CompareOpKind::In => Relation::In,
        ast::CompareOpKind::NotIn => Relation::NotIn,
    }
}

/// Whether a number is written with a zero before its first digit, as numbers of documents and telephones are.
fn begins_with_zero(written: &str) -> bool {
    let digits = written.strip_prefix('0');
    digits.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '_'))
}
