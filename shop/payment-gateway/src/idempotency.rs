//! Idempotency keys: the same request again gets the same answer again, also a failure, for a day. The answer commits
//! together with what it tells of, so a key is never stuck with a request that has died. An answer that is given late
//! counts as *in progress* until then.

use std::time::Duration;

use axum::http::StatusCode;
use hosting::Timestamp;
use storage::{Tx, params};

use crate::answer::{Answer, Delivery};
use crate::error::ApiError;
use crate::store;

/// How long an answer is kept.
pub(crate) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How many outdated answers a request sweeps away: more than one, so that their number falls.
const SWEPT: i64 = 2;

/// What makes a request the same as an earlier one.
#[derive(Debug, Clone)]
pub(crate) struct Once {
    /// Whose keys these are: nobody can occupy a key of somebody else's.
    pub(crate) scope: &'static str,
    pub(crate) key: String,
    pub(crate) fingerprint: [u8; 32],
}

/// What is known of an earlier request with the same key.
#[derive(Debug)]
struct Kept {
    number: i64,
    fingerprint: Vec<u8>,
    status: u16,
    body: String,
    begun: Timestamp,
    answered: Timestamp,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Outdated,
    OtherParameters,
    InProgress,
    Replay,
}

/// Does `work`, or answers as the earlier request with the same key was answered.
pub(crate) fn once<F>(tx: &mut Tx<'_>, now: Timestamp, once: Option<&Once>, work: &F) -> Result<Answer, store::Error>
where
    F: Fn(&mut Tx<'_>) -> Result<Answer, store::Error>,
{
    let Some(once) = once else { return work(tx) };
    if let Some(kept) = find(tx, once)? {
        match judge(&kept, once, now) {
            Verdict::Outdated => tx.execute("DELETE FROM answers WHERE number = $1", params![kept.number]).map(drop)?,
            Verdict::OtherParameters => return Ok(ApiError::other_parameters().answer()),
            Verdict::InProgress => return Ok(ApiError::in_progress().answer()),
            Verdict::Replay => return replay(kept),
        }
    }
    sweep(tx, now)?;
    let answer = work(tx)?;
    keep(tx, once, now, &answer)?;
    Ok(answer)
}

fn judge(kept: &Kept, once: &Once, now: Timestamp) -> Verdict {
    if now.since(kept.begun) >= KEPT {
        Verdict::Outdated
    } else if kept.fingerprint != once.fingerprint {
        Verdict::OtherParameters
    } else if kept.begun <= now && now < kept.answered {
        Verdict::InProgress
    } else {
        Verdict::Replay
    }
}

fn replay(kept: Kept) -> Result<Answer, store::Error> {
    let status = StatusCode::from_u16(kept.status).map_err(|_| store::Error::unreadable("status of an answer", kept.status))?;
    Ok(Answer { status, body: kept.body, delivery: Delivery::AtOnce, replayed: true })
}

fn find(tx: &mut Tx<'_>, once: &Once) -> Result<Option<Kept>, store::Error> {
    let sql = "SELECT number, fingerprint, status, body, begun, answered FROM answers WHERE scope = $1 AND request_key = $2";
    Ok(tx.query_optional(sql, params![once.scope, once.key], |row| {
        Ok(Kept {
            number: row.get(0)?,
            fingerprint: row.get(1)?,
            status: row.get(2)?,
            body: row.get(3)?,
            begun: row.get(4)?,
            answered: row.get(5)?,
        })
    })?)
}

fn keep(tx: &mut Tx<'_>, once: &Once, now: Timestamp, answer: &Answer) -> Result<(), store::Error> {
    let answered = match answer.delivery {
        Delivery::After(wait) => now.plus(wait),
        Delivery::AtOnce | Delivery::Never => now,
    };
    let sql = "INSERT INTO answers (scope, request_key, fingerprint, status, body, begun, answered) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let status = answer.status.as_u16();
    tx.execute(sql, params![once.scope, once.key, once.fingerprint, status, answer.body, now, answered])?;
    Ok(())
}

fn sweep(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), store::Error> {
    let sql = "DELETE FROM answers WHERE number IN (SELECT number FROM answers WHERE begun <= $1 ORDER BY begun LIMIT $2)";
    tx.execute(sql, params![now.minus(KEPT), SWEPT])?;
    Ok(())
}
