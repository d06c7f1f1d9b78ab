//! What of the operator's doings is written down: one word for each.

macro_rules! actions {
    ($($variant:ident = $word:literal;)+) => {
        /// Something that only the operator, or the owner of an account, does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($variant,)+ }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Action::$variant => $word,)+ }
            }
        }
    };
}

actions! {
    SignUp = "sign_up";
    KeyCreate = "key_create";
    KeyRotate = "key_rotate";
    KeyRevoke = "key_revoke";
    AccountChange = "account_change";
    AccountExport = "account_export";
    AccountDelete = "account_delete";
    Credit = "credit";
    Correct = "correct";
    Refund = "refund";
    TakeBack = "take_back";
    VoucherCreate = "voucher_create";
    VoucherRedeem = "voucher_redeem";
    VoucherRevoke = "voucher_revoke";
    GroupSet = "group_set";
    GroupRemove = "group_remove";
    ModelPrice = "model_price";
    ModelApprove = "model_approve";
    MarketPause = "market_pause";
    MarketResume = "market_resume";
    MarketLimit = "market_limit";
}

impl Action {
    pub fn parse(text: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

impl serde::Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
