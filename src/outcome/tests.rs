use super::*;
use crate::transport::{BrokenReason, NoAnswerReason, NotSentReason};

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        retry_after: None,
        content_type: None,
        body: body.as_bytes().to_vec(),
        complete: Completeness::Complete,
        location: None,
        elapsed: Duration::ZERO,
    }
}

/// What a verdict leads to, in one word.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::Refused(_) => "refused",
        Verdict::NotProcessed { .. } => "not processed",
        Verdict::InDoubt {
            worth_repeating: true,
            ..
        } => "in doubt",
        Verdict::InDoubt { .. } => "in doubt for good",
    }
}

fn judged(response: Response) -> &'static str {
    word(&judge(&Ok(response), Answer::Object))
}

#[test]
fn bodies_of_http_200() {
    for (body, wanted) in [
        (
            r#"{"code":200,"error":"null","msg":"x","data":{}}"#,
            "accepted",
        ),
        (r#"{"code":"200"}"#, "accepted"),
        (r#"{"code":" 200 "}"#, "accepted"),
        (r#"{"code":200.0}"#, "accepted"),
        (r#"{"code":200,"error":null}"#, "accepted"),
        (r#"{"code":200,"error":"Null"}"#, "accepted"),
        (r#"{"code":200,"error":" NULL "}"#, "accepted"),
        (r#"{"code":200,"error":" "}"#, "accepted"),
        (r#"{"code":200,"error":false}"#, "accepted"),
        (r#"{"code":200,"error":[]}"#, "accepted"),
        (r#"{"code":200,"error":{}}"#, "accepted"),
        (r#"{"code":200,"msg":"Error"}"#, "accepted"),
        (r#"{"code":201}"#, "refused"),
        (r#"{"code":2000}"#, "refused"),
        (r#"{"code":"ok"}"#, "refused"),
        (r#"{"code":429}"#, "refused"),
        (r#"{"code":0}"#, "refused"),
        (r#"{"code":200,"error":"none"}"#, "refused"),
        (r#"{"code":200,"error":"null value in column"}"#, "refused"),
        (r#"{"code":200,"error":0}"#, "in doubt"),
        (r#"{"code":200,"error":true}"#, "in doubt"),
        (r#"{"code":200,"error":["x"]}"#, "in doubt"),
        (r#"{"code":200,"error":{"a":1}}"#, "in doubt"),
        (r#"{"code":400,"error":{"a":1}}"#, "refused"),
        (r#"{"error":0}"#, "in doubt"),
        (r#"{"error":"x"}"#, "refused"),
        (r#"{"code":null,"error":"x"}"#, "refused"),
        (r#"{"code":400,"code":200}"#, "in doubt"),
        (r#"{"code":200,"code":200}"#, "in doubt"),
        (r#"{"code":200,"error":"x","error":"null"}"#, "in doubt"),
        ("{}", "in doubt"),
        (r#"{"code":null}"#, "in doubt"),
        (r#"{"code":""}"#, "in doubt"),
        (r#"{"code":true}"#, "in doubt"),
        (r#"{"code":[200]}"#, "in doubt"),
        (r#"{"Code":200}"#, "in doubt"),
        (r#"{"error":"null"}"#, "in doubt"),
        ("[]", "in doubt"),
        (r#"[{"code":200}]"#, "in doubt"),
        ("200", "in doubt"),
        ("null", "in doubt"),
        (r#""ok""#, "in doubt"),
        ("", "in doubt"),
        ("  ", "in doubt"),
        ("<html>", "in doubt"),
        (r#"{"code":200"#, "in doubt"),
        (r#"{"code":200} x"#, "in doubt"),
        (r#"Warning: x {"code":200}"#, "in doubt"),
    ] {
        assert_eq!(judged(answer(200, body)), wanted, "{body}");
        // Another 2xx means the same.
        assert_eq!(judged(answer(201, body)), wanted, "201 {body}");
    }
}

#[test]
fn statuses_whatever_the_body() {
    const DONE: &str = r#"{"code":200,"error":"null"}"#;
    const NO: &str = r#"{"code":400,"error":"x"}"#;
    let always = |status: u16| match status {
        429 => Some("not processed"),
        300..400 => Some("in doubt for good"),
        400..500 => Some("refused"),
        500.. | 0..200 => Some("in doubt"),
        200..300 => None,
    };
    for status in (100..600).filter(|status| always(*status).is_some()) {
        for body in [DONE, NO, "<html>", "", "[]"] {
            let found = judged(answer(status, body));
            assert_eq!(Some(found), always(status), "{status} {body}");
        }
    }
}

#[test]
fn retry_after_makes_503_a_clear_not_now() {
    let with = |status| Response {
        retry_after: Some(Duration::from_secs(3)),
        ..answer(status, "")
    };
    for status in [429, 503] {
        let verdict = judge(&Ok(with(status)), Answer::Object);
        let Verdict::NotProcessed { retry_after, .. } = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(retry_after, Some(Duration::from_secs(3)));
    }
    assert_eq!(judged(with(500)), "in doubt");
    assert_eq!(judged(with(302)), "in doubt for good");
}

#[test]
fn an_answer_that_is_not_whole_proves_nothing() {
    const DONE: &str = r#"{"code":200}"#;
    for complete in [
        Completeness::Truncated,
        Completeness::Broken(BrokenReason::TimedOut {
            after: Duration::from_secs(1),
        }),
    ] {
        let cut = |status| Response {
            complete: complete.clone(),
            ..answer(status, DONE)
        };
        assert_eq!(judged(cut(200)), "in doubt");
        assert_eq!(judged(cut(404)), "refused", "the status alone says no");
        assert_eq!(judged(cut(500)), "in doubt");
    }
    let not_utf8 = Response {
        body: b"{\"code\":200,\"msg\":\"\xff\"}".to_vec(),
        ..answer(200, "")
    };
    assert_eq!(judged(not_utf8), "in doubt");
}

#[test]
fn without_an_answer() {
    let judged = |error| word(&judge(&Err(error), Answer::Object));
    let not_sent = |reason| judged(SendError::NotSent(reason));
    assert_eq!(not_sent(NotSentReason::Declined), "not processed");
    assert_eq!(not_sent(NotSentReason::ConnectionClosed), "not processed");
    let malformed = NotSentReason::Malformed {
        detail: "x".to_owned(),
    };
    assert_eq!(not_sent(malformed), "refused", "it is the same every time");
    let lost = NoAnswerReason::Interrupted;
    assert_eq!(judged(SendError::NoAnswer(lost)), "in doubt");
    let late = NoAnswerReason::TimedOut {
        after: Duration::from_secs(1),
    };
    assert_eq!(judged(SendError::NoAnswer(late)), "in doubt");
}

#[test]
fn what_may_be_sent_again_for_which_effect() {
    let doubt = |worth_repeating| Verdict::InDoubt {
        reason: String::new(),
        worth_repeating,
    };
    let not_processed = Verdict::NotProcessed {
        reason: String::new(),
        retry_after: None,
    };
    let refused = Verdict::Refused(Refusal {
        reason: String::new(),
    });
    for effect in Effect::ALL {
        let repeatable = matches!(effect, Effect::Read | Effect::Update);
        assert!(not_processed.may_repeat(effect));
        assert_eq!(doubt(true).may_repeat(effect), repeatable, "{effect}");
        assert!(!doubt(false).may_repeat(effect));
        assert!(!refused.may_repeat(effect));
        assert!(!Verdict::Accepted(Value::Null).may_repeat(effect));
    }
}

#[test]
fn a_bare_list_is_an_answer_only_where_the_action_says_so() {
    for (shape, wanted) in [
        (Answer::Object, "in doubt"),
        (Answer::Array, "accepted"),
        (Answer::Either, "accepted"),
    ] {
        assert_eq!(word(&judge(&Ok(answer(200, "[]")), shape)), wanted);
    }
    let refused = judge(&Ok(answer(200, r#"{"code":400}"#)), Answer::Array);
    assert_eq!(word(&refused), "refused");
}

#[test]
fn a_doubt_says_what_of_the_answer_decides_nothing() {
    for (body, said) in [
        ("{}", "HTTP 200, but the answer has no `code`"),
        (
            r#"{"code":null}"#,
            "HTTP 200, but the `code` of the answer is null",
        ),
        (
            r#"{"code":true}"#,
            "HTTP 200, but the `code` of the answer is true",
        ),
        (
            r#"{"code":" "}"#,
            "HTTP 200, but the `code` of the answer is empty",
        ),
        (
            r#"{"code":[200]}"#,
            "HTTP 200, but the `code` of the answer is a list",
        ),
        (
            r#"{"code":200,"error":{"a":1}}"#,
            "HTTP 200, but the `error` of the answer is an object, which says neither that there was none nor which",
        ),
    ] {
        match judge(&Ok(answer(200, body)), Answer::Object) {
            Verdict::InDoubt { reason, .. } => assert_eq!(reason, said),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_refusal_says_what_was_said() {
    let body = r#"{"code":"404","error":"no such id","msg":"Not found"}"#;
    let Verdict::Refused(refusal) = judge(&Ok(answer(200, body)), Answer::Object) else {
        panic!("it is refused");
    };
    assert_eq!(refusal.reason, "HTTP 200, code 404, no such id, Not found");
}
