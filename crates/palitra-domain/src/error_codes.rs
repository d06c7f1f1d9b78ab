//! One table of error codes: name, HTTP status, whether to try again, exit code of the command line.
//!
//! Doors render; the texts are in `i18n/*.ftl` under `error-<name>` and `hint-<name>` (`_` written as `-`).

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $http:literal, $retryable:literal, $exit:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)+ }

        impl ErrorCode {
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant,)+];

            /// Stable: programs rely on it.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name,)+ }
            }

            pub const fn http_status(self) -> u16 {
                match self { $(ErrorCode::$variant => $http,)+ }
            }

            /// The same request may succeed later.
            pub const fn is_retryable(self) -> bool {
                match self { $(ErrorCode::$variant => $retryable,)+ }
            }

            /// 1 failed, 2 usage, 3 not enough money, 4 gate failed, 130 interrupted.
            pub const fn exit_code(self) -> u8 {
                match self { $(ErrorCode::$variant => $exit,)+ }
            }
        }
    };
}

error_codes! {
    // The request.
    /// No JSON, or no form: nothing of it could be read.
    Malformed = "malformed", 400, false, 2;
    MethodNotAllowed = "method_not_allowed", 405, false, 2;
    BodyTooLarge = "body_too_large", 413, false, 2;
    MediaType = "media_type", 415, false, 2;
    RateLimited = "rate_limited", 429, true, 1;
    /// It took too long to come.
    TooSlow = "too_slow", 408, true, 1;
    InvalidInput = "invalid_input", 422, false, 2;
    UnknownModel = "unknown_model", 404, false, 2;
    UnknownMode = "unknown_mode", 404, false, 2;
    /// A draft without a price, or a model whose market has changed it.
    ModelPaused = "model_paused", 503, false, 1;
    /// Nobody has said yet what its market takes for it.
    ModelUnpriced = "model_unpriced", 409, false, 2;
    ModelRetired = "model_retired", 410, false, 2;
    ResearchOnly = "research_only", 403, false, 2;
    /// The simulated market has nothing for this mode.
    NoTestMode = "no_test_mode", 422, false, 2;
    BadFormat = "bad_format", 422, false, 2;
    BadDeck = "bad_deck", 422, false, 2;
    BadFile = "bad_file", 422, false, 2;
    FileMissing = "file_missing", 404, false, 2;
    BadSetting = "bad_setting", 422, false, 2;
    NeedsConfirmation = "needs_confirmation", 409, false, 2;
    /// It cannot be undone, and nobody is there to be asked.
    NeedsYes = "needs_yes", 409, false, 2;
    NotFound = "not_found", 404, false, 2;
    AlreadyFinished = "already_finished", 409, false, 1;
    /// It was stopped, and some of it may yet be made.
    StillEnding = "still_ending", 409, true, 1;
    IdempotencyConflict = "idempotency_conflict", 409, false, 2;
    TooMuchAtOnce = "too_much_at_once", 422, false, 2;
    /// What an account has brought takes all the room that it has.
    UploadsFull = "uploads_full", 422, false, 2;
    QueueFull = "queue_full", 429, true, 1;
    HouseLoss = "house_loss", 429, true, 1;
    /// No such key, or one that does not work any more: which of them, nobody is told.
    Unauthorized = "unauthorized", 401, false, 1;
    /// The key was not made for this.
    Forbidden = "forbidden", 403, false, 1;
    /// Accounts are made by the operator alone.
    SignUpClosed = "sign_up_closed", 403, false, 1;
    /// As many have signed up today as may.
    SignUpsFull = "sign_ups_full", 429, true, 1;
    /// An address of a user's that is not called.
    WebhookUrl = "webhook_url", 422, false, 2;
    TooManyWebhooks = "too_many_webhooks", 409, false, 2;
    TooManyKeys = "too_many_keys", 409, false, 2;
    /// Nothing is sent there until it is enabled again.
    WebhookDisabled = "webhook_disabled", 409, false, 2;
    // Money.
    InsufficientFunds = "insufficient_funds", 402, false, 3;
    OverMaxCost = "over_max_cost", 402, false, 3;
    /// More than is left of a budget of the key.
    OverBudget = "over_budget", 402, false, 3;
    QuoteExpired = "quote_expired", 410, false, 1;
    /// More than was charged, or than is left of it.
    RefundTooLarge = "refund_too_large", 409, false, 2;
    /// No voucher has this code.
    VoucherUnknown = "voucher_unknown", 404, false, 2;
    /// Expired, used up or revoked.
    VoucherOver = "voucher_over", 410, false, 2;
    /// This account has had it.
    VoucherUsed = "voucher_used", 409, false, 2;
    /// Too many codes that there are not.
    VoucherTries = "voucher_tries", 429, true, 1;
    VoucherExists = "voucher_exists", 409, false, 2;
    /// Accounts still buy at its prices.
    GroupInUse = "group_in_use", 409, false, 2;
    /// Its own code, a circle, a second referrer, or the house.
    ReferralRefused = "referral_refused", 409, false, 2;
    // The market.
    NoKey = "no_key", 503, false, 1;
    MarketAuth = "market_auth", 502, false, 1;
    MarketPermission = "market_permission", 502, false, 1;
    MarketCredits = "market_credits", 503, false, 1;
    MarketBusy = "market_busy", 503, true, 1;
    MarketUnavailable = "market_unavailable", 503, true, 1;
    MarketProtocol = "market_protocol", 502, false, 1;
    InputFetch = "input_fetch", 422, false, 1;
    ContentRejected = "content_rejected", 422, false, 1;
    GenerationFailed = "generation_failed", 502, true, 1;
    TimedOut = "timed_out", 504, true, 1;
    ResultExpired = "result_expired", 502, false, 1;
    BadResult = "bad_result", 502, true, 1;
    /// The acceptance gate refused it twice.
    UnacceptableResult = "unacceptable_result", 502, true, 1;
    OutcomeUnknown = "outcome_unknown", 502, false, 1;
    // Batches.
    EmptyPrompt = "empty_prompt", 422, false, 1;
    StepBeforeFailed = "step_before_failed", 409, false, 1;
    BatchStopped = "batch_stopped", 409, false, 1;
    BadList = "bad_list", 422, false, 2;
    GateFailed = "gate_failed", 409, false, 4;
    ItemsFailed = "items_failed", 409, false, 4;
    Cancelled = "cancelled", 409, false, 1;
    Interrupted = "interrupted", 503, true, 130;
    // This machine.
    /// Nobody answers at its address.
    ServiceAway = "service_away", 503, true, 1;
    /// It was asked and has said nothing: nobody knows what became of it.
    NoAnswer = "no_answer", 504, true, 1;
    DataInUse = "data_in_use", 503, true, 1;
    DiskFull = "disk_full", 507, true, 1;
    NotWritable = "not_writable", 500, false, 1;
    CannotListen = "cannot_listen", 500, true, 1;
    ForeignDatabase = "foreign_database", 500, false, 1;
    DatabaseLogin = "database_login", 503, true, 1;
    DatabaseUnfit = "database_unfit", 500, false, 1;
    StoreUnavailable = "store_unavailable", 503, true, 1;
    StoreBusy = "store_busy", 503, true, 1;
    Unhealthy = "unhealthy", 500, false, 1;
    Internal = "internal", 500, false, 1;
}

impl ErrorCode {
    pub fn parse(name: &str) -> Option<ErrorCode> {
        ErrorCode::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        ErrorCode::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a code")))
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
