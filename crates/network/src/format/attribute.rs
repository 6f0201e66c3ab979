//! What attributes of nodes and links mean, by the names that tools and people give them.

use super::unit::RateUnit;

/// What an attribute of a node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfNode {
    Label,
    Site,
    Longitude,
    Latitude,
    /// 0 where it belongs to somebody else.
    Internal,
    /// 1 where it only draws a link with more than two ends.
    Hyper,
}

/// What an attribute of a link says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum OfLink {
    Name,
    /// Capacity in a unit that the name of the attribute may tell.
    Capacity(Option<RateUnit>),
    /// Capacity as a number whose unit is in another attribute.
    Speed,
    SpeedUnit,
    Weight,
}

impl OfNode {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match simple(name).as_str() {
            "label" | "name" => Self::Label,
            "site" | "pod" | "city" | "region" | "location" | "datacenter" | "pop" => Self::Site,
            "longitude" | "lon" | "lng" => Self::Longitude,
            "latitude" | "lat" => Self::Latitude,
            "internal" => Self::Internal,
            "hyperedge" => Self::Hyper,
            _ => return None,
        })
    }
}

impl OfLink {
    pub(super) fn named(name: &str) -> Option<Self> {
        let simple = simple(name);
        Some(match simple.as_str() {
            "name" => Self::Name,
            "linkspeedraw" => Self::Capacity(Some(RateUnit::BIT)),
            "linkspeed" => Self::Speed,
            "linkspeedunits" => Self::SpeedUnit,
            "weight" | "cost" | "metric" | "igpmetric" | "igpcost" | "ospfcost"
            | "routingweight" => Self::Weight,
            _ => Self::Capacity(capacity_unit(&simple)?),
        })
    }
}

/// `None` if it is no name of a capacity; else the unit at its end, if there is one: `capacitygbps`.
fn capacity_unit(simple: &str) -> Option<Option<RateUnit>> {
    let rest = ["capacity", "bandwidth", "cap", "bw", "speed"]
        .iter()
        .find_map(|word| simple.strip_prefix(word))?;
    if rest.is_empty() { Some(None) } else { rest.parse().ok().map(Some) }
}

/// Lower case letters and digits only: `Link_Speed` and `linkspeed` are one name.
fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes_are_known_in_many_spellings() {
        fn check(name: &str, expected: Option<OfLink>) {
            assert_eq!(OfLink::named(name), expected, "{name}");
        }
        check("capacity", Some(OfLink::Capacity(None)));
        check("Bandwidth_Gbps", Some(OfLink::Capacity("Gbps".parse().ok())));
        check("capacity_bps", Some(OfLink::Capacity(Some(RateUnit::BIT))));
        check("LinkSpeedRaw", Some(OfLink::Capacity(Some(RateUnit::BIT))));
        check("IGP metric", Some(OfLink::Weight));
        check("capital", None);
        check("LinkLabel", None);
        assert_eq!(OfNode::named("Longitude"), Some(OfNode::Longitude));
        assert_eq!(OfNode::named("Country"), None);
    }
}
