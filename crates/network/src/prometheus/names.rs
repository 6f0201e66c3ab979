//! Names of devices out of labels.

/// Most bytes of a device's or interface's name: longer ones are damaged, and two of them would not fit into an entity.
pub(super) const NAME_BYTES_MAX: usize = 120;

/// A target's address without its port: `spine1:57400` is `spine1`, `[2001:db8::1]:57400` is `2001:db8::1`.
pub(super) fn without_port(address: &str) -> &str {
    if let Some(rest) = address.strip_prefix('[')
        && let Some((host, after)) = rest.split_once(']')
        && !host.is_empty()
        && (after.is_empty() || is_port(after))
    {
        return host;
    }
    match address.split_once(':') {
        Some((host, port))
            if !host.is_empty() && is_port(&address[host.len()..]) && !port.contains(':') =>
        {
            host
        }
        Some(_) | None => address,
    }
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| {
        (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a name can stand in a proposal: not empty, not too long, without characters that hide or turn around text.
pub(super) fn is_sound(name: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !name.trim().is_empty() && name.len() <= NAME_BYTES_MAX && !name.chars().any(is_hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_cut_off_and_nothing_else() {
        let check = |address: &str, expected: &str| assert_eq!(without_port(address), expected);
        check("spine1:57400", "spine1");
        check("spine1", "spine1");
        check("10.0.0.1:9100", "10.0.0.1");
        check("[2001:db8::1]:57400", "2001:db8::1");
        check("[2001:db8::1]", "2001:db8::1");
        check("2001:db8::1", "2001:db8::1");
        check("fe80::1:9100", "fe80::1:9100");
        check("host:port", "host:port");
        check("host:123456", "host:123456");
        check(":9100", ":9100");
        check("", "");
    }

    #[test]
    fn names_that_cannot_stand_in_a_proposal_are_told() {
        assert!(is_sound("leaf1") && is_sound("Ethernet1/1") && is_sound("Zürich 2"));
        for wrong in ["", " ", "a\nb", "a\u{202e}b", &"x".repeat(NAME_BYTES_MAX + 1)] {
            assert!(!is_sound(wrong), "{wrong:?}");
        }
    }
}
