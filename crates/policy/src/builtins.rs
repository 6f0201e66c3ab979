//! Which built-in functions a policy may call.
//!
//! An allow-list, so that a new version of the Rego engine cannot widen what policies reach.
//! Two promises rest on it. Verdicts are pure: nothing here reads a clock, a random source, the
//! network, the host's settings or its time zones, which is what makes the memo sound. And one
//! call is bounded: nothing here makes much out of little, since no timer or instruction count
//! looks inside a built-in.

/// Pure, and bounded by the size of their arguments.
const ALLOWED: &[&str] = &[
    "abs",
    "array.concat",
    "array.reverse",
    "array.slice",
    "bits.and",
    "bits.negate",
    "bits.or",
    "bits.rsh",
    "bits.xor",
    "ceil",
    "concat",
    "contains",
    "count",
    "endswith",
    "floor",
    "format_int",
    "glob.match",
    "glob.quote_meta",
    "indexof",
    "indexof_n",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "json.filter",
    "json.is_valid",
    "json.marshal",
    "json.remove",
    "json.unmarshal",
    "lower",
    "max",
    "min",
    "net.cidr_contains",
    "net.cidr_is_valid",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
    "product",
    "regex.find_n",
    "regex.is_valid",
    "regex.match",
    "regex.replace",
    "regex.split",
    "replace",
    "round",
    "semver.compare",
    "semver.is_valid",
    "sort",
    "split",
    "sprintf",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.count",
    "strings.replace_n",
    "strings.reverse",
    "substring",
    "sum",
    "time.parse_duration_ns",
    "time.parse_rfc3339_ns",
    "to_number",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "type_name",
    "union",
    "units.parse",
    "units.parse_bytes",
    "upper",
];

/// Fail on some values of the right type. The VM reads a failure inside a rule's body as "does not
/// hold", strict or not, which would switch a `deny` rule off; the interpreter fails the verdict.
const MAY_FAIL: &[&str] = &[
    "format_int",
    "json.filter",
    "json.remove",
    "json.unmarshal",
    "net.cidr_contains",
    "semver.compare",
    "time.parse_duration_ns",
    "time.parse_rfc3339_ns",
    "to_number",
    "units.parse",
    "units.parse_bytes",
];

/// Whether a built-in may fail on values that its callers cannot rule out by their types.
///
/// Patterns fail when they are malformed; a pattern from the text or the data is there when the
/// cases run and would show.
pub(crate) fn may_fail(name: &str, pattern_is_input: bool) -> bool {
    MAY_FAIL.contains(&name)
        || (pattern_is_input && (name.starts_with("regex.") || name.starts_with("glob.")))
}

/// What may be done with a built-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Call it.
    Allowed,
    /// Call it with two (or three) literal integers that span a small range.
    LiteralRange,
    /// Not at all, and why.
    Refused(&'static str),
}

/// Looks a built-in up by the name that Rego calls it by.
pub(crate) fn usage(name: &str) -> Use {
    if ALLOWED.contains(&name) {
        return Use::Allowed;
    }
    match name {
        "numbers.range" | "numbers.range_step" => Use::LiteralRange,
        "net.cidr_expand" => {
            Use::Refused("it lists every address of a network, and no limit covers one call")
        }
        "bits.lsh" => Use::Refused("it makes numbers of unbounded size"),
        "time.now_ns" => Use::Refused("it reads the clock; use `input.now`"),
        "rand.intn" | "uuid.rfc4122" => {
            Use::Refused("it is random, and a verdict must be repeatable")
        }
        "http.send" | "net.lookup_ip_addr" => {
            Use::Refused("it reaches the network; put what it would fetch in the input")
        }
        "opa.runtime" => Use::Refused("it reads the host's settings"),
        "print" | "trace" => Use::Refused("a policy has nobody to print to"),
        _ if name.starts_with("time.") => {
            Use::Refused("it depends on the host's time zones; use `input.now`")
        }
        _ => Use::Refused("it is no rule of this bundle and no built-in that policies may use"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_on_the_list_exists_in_the_engine() {
        for name in ALLOWED {
            assert!(
                regorus::unstable::BUILTINS.contains_key(name),
                "`{name}` is unknown to the engine"
            );
        }
    }

    #[test]
    fn what_is_impure_or_unbounded_is_refused() {
        for name in [
            "time.now_ns",
            "rand.intn",
            "uuid.rfc4122",
            "http.send",
            "opa.runtime",
            "net.cidr_expand",
            "print",
            "trace",
            "time.clock",
            "bits.lsh",
            "walk",
            "never.heard_of",
        ] {
            assert!(matches!(usage(name), Use::Refused(_)), "`{name}`");
        }
        assert_eq!(usage("numbers.range"), Use::LiteralRange);
        assert_eq!(usage("count"), Use::Allowed);
    }
}
