//! Walks the syntax tree of a bundle and writes down, per rule, what it refers to.
//!
//! Everything is over-approximated: a local variable named like a rule counts as a reference to
//! that rule, a dynamic reference counts as one to everything below its static part. That errs
//! towards refusing a bundle or remembering less, never towards running a recursive one.
//! What is done with the findings is up to [`crate::analysis`] and [`crate::footprint`].

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{ArithOp, Expr, Literal, Module, Query, Ref, Rule, RuleHead};

use crate::builtins::{self, Use};
use crate::limits::Limits;
use crate::refusal::{Place, Refusal};
use crate::syntax::{
    Name, base, integer, is_modest_format, literal, member_name, place, static_path,
};

/// A path such as `["npo", "policy", "deny"]`.
pub(crate) type Path = Vec<String>;

/// Built-ins whose answer depends on nothing but the type of their argument.
pub(crate) const TYPE_CHECKS: [&str; 7] =
    ["is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string"];

/// One rule definition and what it refers to.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Package and static part of the head.
    pub(crate) path: Path,
    pub(crate) place: Place,
    /// Paths under `data` that it mentions.
    pub(crate) data: Vec<Path>,
    /// Paths under `input` that it mentions.
    pub(crate) input: Vec<Path>,
    /// Paths under `input` of which it asks the type and, by this mention, nothing more.
    pub(crate) types: Vec<Path>,
    /// Why the VM may not run it although the interpreter may.
    pub(crate) interpreter_only: Option<String>,
    /// For a complete rule or function: its literal value, or nothing where the value is computed.
    pub(crate) value: HeadValue,
    /// For a member of a set whose head is one plain name: where that name stands.
    pub(crate) name: Option<Name>,
}

/// What a definition says about the value of its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeadValue {
    /// A member of a set or object; definitions add up and cannot conflict.
    Partial,
    /// A default, which gives way to any other definition.
    Default,
    /// Always this literal.
    Fixed(Value),
    /// Computed, so two definitions may conflict.
    Computed,
}

/// Reads the definitions of one module.
pub(crate) fn definitions(module: &Module, limits: &Limits) -> Result<Vec<Definition>, Refusal> {
    let package = static_path(&module.package.refr).0;
    if package.first().is_some_and(|name| name == crate::engines::ENTRY_PACKAGE) {
        let place = place(&module.package.span);
        return Err(Refusal::Construct {
            place,
            what: format!("package `{}` is the engine's own", crate::engines::ENTRY_PACKAGE),
        });
    }
    let mut imports = BTreeMap::new();
    for import in &module.imports {
        let path = static_path(&import.refr).0;
        let name = import
            .r#as
            .as_ref()
            .map(|span| span.text().to_owned())
            .or_else(|| path.last().cloned());
        if let Some(name) = name {
            imports.insert(name, path);
        }
    }
    module
        .policy
        .iter()
        .map(|rule| {
            let mut walker = Walker {
                package: &package,
                imports: &imports,
                limits,
                depth: 0,
                data: vec![],
                input: vec![],
                types: vec![],
                may_fail: None,
            };
            walker.rule(rule)
        })
        .collect()
}

struct Walker<'a> {
    package: &'a [String],
    imports: &'a BTreeMap<String, Path>,
    limits: &'a Limits,
    depth: usize,
    data: Vec<Path>,
    input: Vec<Path>,
    types: Vec<Path>,
    may_fail: Option<String>,
}

impl Walker<'_> {
    fn rule(&mut self, rule: &Rule) -> Result<Definition, Refusal> {
        let mut interpreter_only = None;
        let (head, value) = match rule {
            Rule::Default { refr, args, value, .. } => {
                if !args.is_empty() {
                    interpreter_only = Some("a default function".to_owned());
                }
                self.expr(value)?;
                (refr, HeadValue::Default)
            }
            Rule::Spec { head, bodies, .. } => {
                let (refr, value) = self.head(head)?;
                let mut value = value;
                for body in bodies {
                    if let Some(assign) = &body.assign {
                        self.expr(&assign.value)?;
                        // The first body carries the head's value again; an `else` never conflicts with what precedes it.
                        if !body.is_else && value == HeadValue::Fixed(Value::Bool(true)) {
                            value = literal(Some(assign));
                        }
                    }
                    self.query(&body.query)?;
                }
                let elses = bodies.iter().filter(|body| body.is_else).count();
                if elses > 0 && value != HeadValue::Partial {
                    value = HeadValue::Computed;
                }
                (refr, value)
            }
        };
        let (name, indexes, is_static) = static_path(head);
        for index in indexes {
            self.expr(index)?;
        }
        if (name.len() > 1 || !is_static) && interpreter_only.is_none() {
            interpreter_only = Some("a rule head that is a reference".to_owned());
        }
        let interpreter_only = interpreter_only.or_else(|| self.may_fail.take());
        Ok(Definition {
            path: [self.package, &name].concat(),
            place: place(rule.span()),
            data: std::mem::take(&mut self.data),
            input: std::mem::take(&mut self.input),
            types: std::mem::take(&mut self.types),
            interpreter_only,
            value,
            name: member_name(rule),
        })
    }

    fn head<'r>(&mut self, head: &'r RuleHead) -> Result<(&'r Ref<Expr>, HeadValue), Refusal> {
        Ok(match head {
            RuleHead::Compr { refr, assign, .. } => {
                if let Some(assign) = assign {
                    self.expr(&assign.value)?;
                }
                (refr, literal(assign.as_ref()))
            }
            RuleHead::Set { refr, key, .. } => {
                if let Some(key) = key {
                    self.expr(key)?;
                }
                (refr, HeadValue::Partial)
            }
            RuleHead::Func { refr, args, assign, .. } => {
                for arg in args {
                    self.expr(arg)?;
                }
                if let Some(assign) = assign {
                    self.expr(&assign.value)?;
                }
                (refr, literal(assign.as_ref()))
            }
        })
    }

    fn query(&mut self, query: &Query) -> Result<(), Refusal> {
        for stmt in &query.stmts {
            if let Some(with) = stmt.with_mods.first() {
                // It could swap a rule for another at run time and so tie a knot that the call graph does not show.
                let what =
                    "`with` is not for policies; cases under `tests/` set the input and the data"
                        .to_owned();
                return Err(Refusal::Construct { place: place(&with.span), what });
            }
            match &stmt.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { key, value, collection, .. } => {
                    if let Some(key) = key {
                        self.expr(key)?;
                    }
                    self.expr(value)?;
                    self.expr(collection)?;
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr)?,
                Literal::Every { domain, query, .. } => {
                    self.expr(domain)?;
                    self.query(query)?;
                }
            }
        }
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Result<(), Refusal> {
        self.depth += 1;
        if self.depth > self.limits.expression_depth_max {
            let depth_max = self.limits.expression_depth_max;
            return Err(Refusal::ExpressionDepth { place: place(expr.span()), depth_max });
        }
        self.expr_inside(expr)?;
        self.depth -= 1;
        Ok(())
    }

    fn expr_inside(&mut self, expr: &Expr) -> Result<(), Refusal> {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.reference(expr)?
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                for item in items {
                    self.expr(item)?;
                }
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expr(key)?;
                    self.expr(value)?;
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term)?;
                self.query(query)?;
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.expr(key)?;
                self.expr(value)?;
                self.query(query)?;
            }
            Expr::Call { fcn, params, .. } => {
                self.call(fcn, params)?;
                if let Some(path) = self.asked_type(fcn, params) {
                    self.types.push(path);
                    return Ok(());
                }
                for param in params {
                    self.expr(param)?;
                }
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr)?,
            Expr::ArithExpr { op, lhs, rhs, .. } => {
                let divides = matches!(op, ArithOp::Div | ArithOp::Mod);
                if divides && integer(rhs).is_none_or(|divisor| divisor == 0) {
                    self.may_fail = Some("a division that may fail".to_owned());
                }
                self.expr(lhs)?;
                self.expr(rhs)?;
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expr(lhs)?;
                self.expr(rhs)?;
            }
            Expr::Membership { key, value, collection, .. } => {
                if let Some(key) = key {
                    self.expr(key)?;
                }
                self.expr(value)?;
                self.expr(collection)?;
            }
        }
        Ok(())
    }

    fn reference(&mut self, expr: &Expr) -> Result<(), Refusal> {
        let (path, indexes, _) = static_path(expr);
        for index in indexes {
            self.expr(index)?;
        }
        match path.first() {
            Some(_) => self.note(&path),
            // An index into something computed: walk what it indexes.
            None => self.expr(base(expr))?,
        }
        Ok(())
    }

    /// Notes every document that a path of names may stand for.
    fn note(&mut self, path: &[String]) {
        let (first, rest) = (path[0].as_str(), &path[1..]);
        match first {
            "input" => self.input.push(rest.to_vec()),
            "data" => self.data.push(rest.to_vec()),
            _ => self.data.push([self.package, path].concat()),
        }
        if let Some(import) = self.imports.get(first) {
            let whole = [import.as_slice(), rest].concat();
            match whole.first().map(String::as_str) {
                Some("input") => self.input.push(whole[1..].to_vec()),
                Some("data") => self.data.push(whole[1..].to_vec()),
                _ => {}
            }
        }
    }

    /// The fact of which a call asks the type, as in `is_number(input.facts.x)`.
    fn asked_type(&self, fcn: &Ref<Expr>, params: &[Ref<Expr>]) -> Option<Path> {
        let (function, ..) = static_path(fcn);
        let [function] = function.as_slice() else { return None };
        let [param] = params else { return None };
        let (path, _, is_static) = static_path(param);
        let [input, facts, name] = path.as_slice() else { return None };
        let is_fact = is_static && input == "input" && facts == "facts";
        let is_renamed = [function, input].iter().any(|name| self.imports.contains_key(*name));
        (is_fact && !is_renamed && TYPE_CHECKS.contains(&function.as_str()))
            .then(|| vec![facts.clone(), name.clone()])
    }

    fn call(&mut self, fcn: &Ref<Expr>, params: &[Ref<Expr>]) -> Result<(), Refusal> {
        let (path, _, is_static) = static_path(fcn);
        let name = path.join(".");
        let place = place(base(fcn).span());
        if !is_static || path.is_empty() {
            return Err(Refusal::Construct {
                place,
                what: "a function is called by a computed name".to_owned(),
            });
        }
        self.note(&path);
        // An import may be called like the name space of a built-in; then the built-in's rules apply.
        let is_builtin = regorus::unstable::BUILTINS.contains_key(name.as_str()) || name == "print";
        if !is_builtin && (path[0] == "data" || self.imports.contains_key(&path[0])) {
            return Ok(());
        }
        let pattern_is_input = params.first().is_some_and(|p| {
            !matches!(p.as_ref(), Expr::String { .. } | Expr::RawString { .. } | Expr::Var { .. })
        });
        if builtins::may_fail(&name, pattern_is_input) {
            self.may_fail = Some(format!("a call of `{name}` that may fail"));
        }
        if name == "sprintf" && !params.first().is_some_and(|format| is_modest_format(format)) {
            let why =
                "its format must be a literal that pads to less than 1000 characters".to_owned();
            return Err(Refusal::Builtin { place, name, why });
        }
        match builtins::usage(&name) {
            Use::Allowed => Ok(()),
            // A function of the bundle: the graph finds out whether it exists.
            Use::Refused(_) if path.len() == 1 && !is_builtin => Ok(()),
            Use::Refused(why) => Err(Refusal::Builtin { place, name, why: why.to_owned() }),
            Use::LiteralRange => {
                let max = self.limits.range_max;
                let small = match (
                    params.first().and_then(|p| integer(p)),
                    params.get(1).and_then(|p| integer(p)),
                ) {
                    (Some(from), Some(to)) => from.abs_diff(to) <= max.unsigned_abs(),
                    _ => false,
                };
                if small {
                    return Ok(());
                }
                Err(Refusal::Builtin {
                    place,
                    name,
                    why: format!("its bounds must be literal numbers at most {max} apart"),
                })
            }
        }
    }
}
