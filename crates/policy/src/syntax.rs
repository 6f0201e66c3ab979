//! Small readings of the syntax tree: places, paths, literals.

use std::ops::Range;

use regorus::Value;
use regorus::unstable::{Expr, Ref, Rule, RuleAssign, RuleHead, Span};

use crate::refusal::Place;
use crate::walk::{HeadValue, Path};

/// Where a span begins.
pub(crate) fn place(span: &Span) -> Place {
    Place { file: span.source.get_path().clone(), line: span.line, column: span.col }
}

/// Where a name stands in its file, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) file: String,
    pub(crate) bytes: Range<usize>,
}

/// The static components of a reference, the index expressions met on the way, and whether the whole is static.
pub(crate) fn static_path(expr: &Expr) -> (Path, Vec<&Ref<Expr>>, bool) {
    // Outermost part first; iterative, because a chain of dots may be long.
    let mut parts: Vec<Result<String, &Ref<Expr>>> = Vec::new();
    let mut at = expr;
    let base = loop {
        match at {
            Expr::RefDot { refr, field, .. } => {
                parts.push(Ok(match &field.1 {
                    Value::String(name) => name.as_ref().to_owned(),
                    _ => field.0.text().to_owned(),
                }));
                at = refr.as_ref();
            }
            Expr::RefBrack { refr, index, .. } => {
                parts.push(match index.as_ref() {
                    Expr::String { value: Value::String(text), .. }
                    | Expr::RawString { value: Value::String(text), .. } => {
                        Ok(text.as_ref().to_owned())
                    }
                    _ => Err(index),
                });
                at = refr.as_ref();
            }
            other => break other,
        }
    };
    let mut path = Vec::new();
    let mut indexes = Vec::new();
    let mut is_static = matches!(base, Expr::Var { .. });
    if let Expr::Var { span, .. } = base {
        path.push(span.text().to_owned());
    }
    for part in parts.into_iter().rev() {
        match part {
            Ok(name) if is_static => path.push(name),
            Ok(_) => {}
            Err(index) => {
                is_static = false;
                indexes.push(index);
            }
        }
    }
    (path, indexes, is_static)
}

/// What a chain of dots and brackets starts from; its span is where the chain begins.
pub(crate) fn base(expr: &Expr) -> &Expr {
    let mut at = expr;
    while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = at {
        at = refr.as_ref();
    }
    at
}

/// What a rule's head says of its value.
pub(crate) fn literal(assign: Option<&RuleAssign>) -> HeadValue {
    match assign.map(|assign| assign.value.as_ref()) {
        None => HeadValue::Fixed(Value::Bool(true)),
        Some(
            Expr::Bool { value, .. }
            | Expr::String { value, .. }
            | Expr::RawString { value, .. }
            | Expr::Number { value, .. },
        ) => HeadValue::Fixed(value.clone()),
        Some(_) => HeadValue::Computed,
    }
}

/// A literal integer, with its sign.
pub(crate) fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Number { value, .. } => value.as_i64().ok(),
        Expr::UnaryExpr { expr, .. } => integer(expr).and_then(i64::checked_neg),
        _ => None,
    }
}

/// Whether an expression is a literal format without a padding of a thousand or more: the engine
/// would build whatever width it is asked for.
pub(crate) fn is_modest_format(expr: &Expr) -> bool {
    const DIGITS_MAX: usize = 3;
    let (Expr::String { value: Value::String(format), .. }
    | Expr::RawString { value: Value::String(format), .. }) = expr
    else {
        return false;
    };
    format.split('%').skip(1).all(|verb| {
        let width = verb.trim_start_matches(['+', '-', '#', ' ', '.']);
        width.chars().take_while(|c| c.is_numeric()).count() <= DIGITS_MAX
            && width.chars().take_while(|c| c.is_numeric()).all(|c| c.is_ascii())
    })
}

/// The name of a set that a definition adds to, unless its head is more than that name.
pub(crate) fn member_name(rule: &Rule) -> Option<Name> {
    let Rule::Spec { head: RuleHead::Set { refr, .. }, .. } = rule else {
        return None;
    };
    let Expr::Var { span, .. } = refr.as_ref() else {
        return None;
    };
    Some(Name {
        file: span.source.get_path().clone(),
        bytes: usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?,
    })
}
