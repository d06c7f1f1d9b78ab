//! KIE's envelope `{"code", "msg", "data"}` and its codes (KIE documentation, *getting started*, *get task details*).

use super::script::Fault;
use crate::market::answer::Answer;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Every error code of the documentation, and 433 and 451 as clients have seen them.
pub(super) const CODES: &[(u16, &str)] = &[
    (400, "Bad request parameter"),
    (401, "You do not have access permissions"),
    (402, "Insufficient credits"),
    (404, "The requested resource does not exist"),
    (
        408,
        "Upstream is currently experiencing service issues. No result has been returned for over 10 minutes.",
    ),
    (422, "The request parameters failed validation"),
    (429, "Request limit has been exceeded for this resource"),
    (433, "The usage of this sub-key has exceeded its limit"),
    (451, "Failed to fetch the image"),
    (455, "The system is currently undergoing maintenance"),
    (500, "Server error"),
    (501, "Generation failed"),
    (502, "Bad gateway"),
    (503, "Service unavailable"),
    (504, "Gateway timeout"),
    (505, "The requested feature is currently disabled"),
    (531, "Sorry, generation failed due to an issue. Your credits have been refunded. Please try again."),
];

/// What KIE says with a code.
pub(super) fn text(code: u16) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// A call that is refused, before it is an answer.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) message: String,
    answer: Option<Answer>,
}

impl Refusal {
    pub(super) fn new(code: u16, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), answer: None }
    }

    pub(super) fn code(code: u16) -> Refusal {
        Refusal::new(code, text(code).unwrap_or("Error"))
    }

    /// Not KIE's: something in front of it, a closed connection.
    fn foreign(status: u16, message: &str, answer: Answer) -> Refusal {
        Refusal { answer: Some(answer), ..Refusal::new(status, message) }
    }

    /// HTTP 200 with the code inside, or the code as the status too.
    pub(super) fn answer(self, plain_http: bool) -> Answer {
        if let Some(answer) = self.answer {
            return answer;
        }
        let status = if plain_http { StatusCode::from_u16(self.code).ok() } else { None };
        let body = json!({"code": self.code, "msg": self.message, "data": null});
        Answer::json(status.unwrap_or(StatusCode::OK), &body)
    }

    /// The faults that come before the key is looked at.
    pub(super) fn by(fault: Option<&Fault>, plain_http: bool) -> Option<Refusal> {
        let refusal = match fault? {
            Fault::RateLimited { retry_after } => {
                let limited = Refusal::code(429);
                let Some(after) = retry_after else { return Some(limited) };
                let answer = limited.answer(plain_http).with("retry-after", after);
                Refusal::foreign(429, "the script says so", answer)
            }
            Fault::Code { code, message: None } => Refusal::code(*code),
            Fault::Code { code, message: Some(message) } => Refusal::new(*code, message),
            Fault::Error { status } => Refusal::foreign(*status, "the script says so", failing(*status)),
            Fault::Drop {} => Refusal::foreign(500, "the script says so", Answer::hang_up()),
            Fault::WrongKey {} => Refusal::code(401),
            Fault::NoCredits {} => Refusal::code(402),
            Fault::Redirect { location } => {
                let answer = Answer::json(StatusCode::FOUND, &json!({})).with("location", location);
                Refusal::foreign(302, "the script says so", answer)
            }
            _ => return None,
        };
        Some(refusal)
    }
}

/// An answer from a server in front of KIE: no envelope.
pub(super) fn failing(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer::json(status, &json!({"error": status.canonical_reason().unwrap_or("Error")}))
}

pub(super) fn success(data: &Value) -> Answer {
    Answer::json(StatusCode::OK, &json!({"code": 200, "msg": "success", "data": data}))
}
