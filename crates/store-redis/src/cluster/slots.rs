//! The primaries of a cluster, read from `CLUSTER SLOTS`.
//!
//! The response is complete or an error: code that does something at every primary must not succeed because
//! it found none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use isogloss_core::StoreError;
use redis::cluster_routing::Slot;
use redis::{FromRedisValue as _, Value};

use crate::error::redis_error;

const SLOT_COUNT: i64 = 16_384;

/// A primary: its host, its port, and the identifier that all servers of the cluster use for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClusterPrimary {
    pub(super) host: String,
    pub(super) port: u16,
    id: String,
}

/// The slots of a primary.
pub(super) type Slots = Vec<RangeInclusive<u16>>;

/// Returns whether the slot of `key` is one of `slots`.
pub(super) fn contain_key(slots: &Slots, key: &[u8]) -> bool {
    let slot = Some(Slot::for_key(key));
    let mut numbers = slots.iter().cloned().flatten();
    numbers.any(|number| Slot::new(number) == slot)
}

/// Parses the responses to `CLUSTER SLOTS`, one of each server, by the address that it was queried at.
/// Returns the primaries that all servers name, each with its slots.
///
/// Fails if there is no response, if one does not cover all slots, or if two name different servers.
pub(super) fn parse_primaries(
    responses: Value,
) -> Result<Vec<(ClusterPrimary, Slots)>, StoreError> {
    let Value::Map(responses) = responses else {
        return Err(redis_error(
            "CLUSTER SLOTS: expected a response of each server",
        ));
    };
    let mut known: Option<Vec<(ClusterPrimary, Slots)>> = None;
    for (address, response) in responses {
        let address = String::from_redis_value(address).map_err(redis_error)?;
        let (queried, _) = address
            .rsplit_once(':')
            .ok_or_else(|| redis_error("CLUSTER SLOTS: a server without a port"))?;
        let primaries = parse_response(response.extract_error().map_err(redis_error)?, queried)?;
        match &known {
            None => known = Some(primaries),
            Some(known) if ids(known) == ids(&primaries) => {}
            Some(_) => {
                return Err(redis_error(
                    "the servers of the cluster name different primaries",
                ));
            }
        }
    }
    known.ok_or_else(|| redis_error("no server of the cluster responded"))
}

fn ids(primaries: &[(ClusterPrimary, Slots)]) -> BTreeSet<&str> {
    primaries.iter().map(|(one, _)| one.id.as_str()).collect()
}

fn parse_response(
    response: Value,
    queried: &str,
) -> Result<Vec<(ClusterPrimary, Slots)>, StoreError> {
    let ranges: Vec<Vec<Value>> = Vec::from_redis_value(response).map_err(redis_error)?;
    let mut covered = Vec::new();
    let mut primaries = BTreeMap::<_, Slots>::new();
    for range in ranges {
        let [Value::Int(first), Value::Int(last), Value::Array(node), ..] = &range[..] else {
            return Err(redis_error(
                "CLUSTER SLOTS: expected a range and its primary",
            ));
        };
        covered.push((*first, *last));
        let number = |slot: i64| u16::try_from(slot).map_err(redis_error);
        let slots = number(*first)?..=number(*last)?;
        let primary = parse_primary(node, queried)?;
        primaries.entry(primary).or_default().push(slots);
    }
    covered.sort_unstable();
    let mut next = 0;
    for (first, last) in covered {
        if first != next || last < first {
            break;
        }
        next = last + 1;
    }
    if next != SLOT_COUNT {
        return Err(redis_error(format_args!(
            "the cluster does not serve all {SLOT_COUNT} slots: slot {next} has no primary"
        )));
    }
    Ok(primaries.into_iter().collect())
}

/// Parses a primary in a response of the server at the host `queried`. A host that is empty, missing or
/// unspecified stands for `queried`. Fails if the host is `?` or the response has another form.
fn parse_primary(node: &[Value], queried: &str) -> Result<ClusterPrimary, StoreError> {
    let [host, port, id, ..] = node else {
        return Err(redis_error("CLUSTER SLOTS: expected host, port and id"));
    };
    let host: Option<String> = Option::from_redis_value(host.clone()).map_err(redis_error)?;
    let host = match host.as_deref() {
        None | Some("" | "0.0.0.0" | "::") => queried.to_owned(),
        Some("?") => {
            return Err(redis_error(
                "a server of the cluster does not know its host name: set \
                 cluster-announce-hostname there, or another cluster-preferred-endpoint-type",
            ));
        }
        Some(host) => host.to_owned(),
    };
    Ok(ClusterPrimary {
        host,
        port: u16::from_redis_value(port.clone()).map_err(redis_error)?,
        id: String::from_redis_value(id.clone()).map_err(redis_error)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let node = vec![host, Value::Int(port), text(&format!("id-{port}"))];
        let range = [Value::Int(first), Value::Int(last), Value::Array(node)];
        Value::Array(range.to_vec())
    }

    fn read(ranges: Vec<Value>) -> Result<Vec<String>, StoreError> {
        let responses = Value::Map(vec![(text("::1:9"), Value::Array(ranges))]);
        let primaries = parse_primaries(responses)?.into_iter();
        Ok(primaries
            .map(|(one, _)| format!("{} {}", one.host, one.port))
            .collect())
    }

    #[test]
    fn a_missing_host_is_the_one_that_was_queried() {
        for (host, expected) in [
            (Value::Nil, "::1 7"),
            (text(""), "::1 7"),
            (text("0.0.0.0"), "::1 7"),
            (text("h.example"), "h.example 7"),
            (text("2001:db8::1"), "2001:db8::1 7"),
        ] {
            let read = read(vec![range(0, 16_383, host.clone(), 7)]);
            assert_eq!(read.unwrap(), [expected], "{host:?}");
        }
    }

    #[test]
    fn a_response_that_does_not_cover_all_slots_is_an_error() {
        let h = || text("h");
        for ranges in [
            vec![],
            vec![range(0, 16_382, h(), 1)],
            vec![range(1, 16_383, h(), 1)],
            vec![range(0, 99, h(), 1), range(101, 16_383, h(), 2)],
            vec![range(0, 16_383, text("?"), 1)],
            vec![Value::Array(vec![Value::Int(0), Value::Int(16_383)])],
        ] {
            assert!(read(ranges.clone()).is_err(), "{ranges:?}");
        }
        assert!(parse_primaries(Value::Map(vec![])).is_err());
        let whole = vec![range(5, 16_383, h(), 2), range(0, 4, h(), 1)];
        assert_eq!(read(whole).unwrap(), ["h 1", "h 2"]);
    }

    #[test]
    fn servers_that_name_different_primaries_are_an_error() {
        let whole = |port| Value::Array(vec![range(0, 16_383, Value::Nil, port)]);
        let both = |one, other| Value::Map(vec![(text("a:1"), one), (text("b:1"), other)]);
        assert!(parse_primaries(both(whole(1), whole(2))).is_err());
        // One server, reached by two names.
        assert!(parse_primaries(both(whole(1), whole(1))).is_ok());
    }
}
