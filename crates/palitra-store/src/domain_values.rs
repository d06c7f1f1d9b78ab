//! How the domain's types are read from columns: ids and states as text, times as integers.

use crate::{FromValue, Value, ledger::Purse};
use palitra_domain::{
    AccountId, AssetId, AuditId, BatchId, Currency, DeliveryId, ErrorCode, GenerationId, ItemId, KeyId,
    Livemode, QuoteId, Scopes, Timestamp, TransferId, VoucherId, WebhookId, WorkerId,
    audit::Action,
    catalogue::Lane,
    health::KeyHealth,
    state::{AttemptReason, AttemptState, BatchKind, BatchState, GenerationState, StepKind, TransferState},
    webhook,
};

fn text(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

macro_rules! from_text {
    ($($name:ty: $parse:expr;)+) => { $(
        impl FromValue for $name {
            fn from_value(value: &Value) -> Option<$name> {
                let parse: fn(&str) -> Option<$name> = $parse;
                parse(text(value)?)
            }
        }
    )+ };
}

from_text! {
    AccountId: |text| AccountId::parse(text).ok();
    AuditId: |text| AuditId::parse(text).ok();
    AssetId: |text| AssetId::parse(text).ok();
    BatchId: |text| BatchId::parse(text).ok();
    DeliveryId: |text| DeliveryId::parse(text).ok();
    GenerationId: |text| GenerationId::parse(text).ok();
    ItemId: |text| ItemId::parse(text).ok();
    KeyId: |text| KeyId::parse(text).ok();
    QuoteId: |text| QuoteId::parse(text).ok();
    TransferId: |text| TransferId::parse(text).ok();
    VoucherId: |text| VoucherId::parse(text).ok();
    WebhookId: |text| WebhookId::parse(text).ok();
    WorkerId: |text| WorkerId::parse(text).ok();
    Currency: Currency::parse;
    ErrorCode: ErrorCode::parse;
    Livemode: Livemode::parse;
    Lane: Lane::parse;
    KeyHealth: KeyHealth::parse;
    AttemptReason: AttemptReason::parse;
    AttemptState: AttemptState::parse;
    BatchState: BatchState::parse;
    GenerationState: GenerationState::parse;
    BatchKind: BatchKind::parse;
    StepKind: StepKind::parse;
    TransferState: TransferState::parse;
    Purse: Purse::parse;
    Action: Action::parse;
    Scopes: Scopes::parse;
    webhook::EventType: webhook::EventType::parse;
    webhook::Form: webhook::Form::parse;
    webhook::Only: webhook::Only::parse;
    webhook::DeliveryState: webhook::DeliveryState::parse;
    webhook::Disabled: webhook::Disabled::parse;
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Option<Timestamp> {
        i64::from_value(value).map(Timestamp::from_micros)
    }
}
