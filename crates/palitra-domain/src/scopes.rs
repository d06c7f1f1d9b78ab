//! What a key may be used for: a small set, written `read,generate`.

/// One thing that a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Look at anything of the account.
    Read,
    /// Create, cancel, upload, run batches.
    Generate,
    /// Webhooks, keys, export, deletion, vouchers.
    Account,
    /// Markets and other accounts: only a key that the operator has made so.
    Operator,
}

impl Scope {
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Generate, Scope::Account, Scope::Operator];

    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Generate => "generate",
            Scope::Account => "account",
            Scope::Operator => "operator",
        }
    }

    pub fn parse(text: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    const fn bit(self) -> u8 {
        match self {
            Scope::Read => 1,
            Scope::Generate => 2,
            Scope::Account => 4,
            Scope::Operator => 8,
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    pub const NONE: Scopes = Scopes(0);
    /// What a key has that was made without saying.
    pub const USUAL: Scopes = Scopes(Scope::Read.bit() | Scope::Generate.bit() | Scope::Account.bit());
    pub const ALL: Scopes = Scopes(Scopes::USUAL.0 | Scope::Operator.bit());

    #[must_use]
    pub const fn with(self, scope: Scope) -> Scopes {
        Scopes(self.0 | scope.bit())
    }

    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether there is nothing in it that `of` has not: a key gives no other key more than it has.
    pub const fn is_within(self, of: Scopes) -> bool {
        self.0 & !of.0 == 0
    }

    /// What both have.
    #[must_use]
    pub const fn and(self, other: Scopes) -> Scopes {
        Scopes(self.0 & other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// `read,generate`, in any order; `None` for a word that is no scope, and for none at all.
    pub fn parse(text: &str) -> Option<Scopes> {
        let mut words = text.split(',').map(str::trim);
        words.try_fold(Scopes::NONE, |scopes, word| Some(scopes.with(Scope::parse(word)?)))
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        out.write_str(&words.join(","))
    }
}

/// As a list of words.
impl serde::Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_and_read_back() {
        for bits in 1..=Scopes::ALL.0 {
            let scopes = Scopes(bits);
            assert_eq!(Scopes::parse(&scopes.to_string()), Some(scopes));
        }
        assert_eq!(
            Scopes::parse("generate, read"),
            Some(Scopes::NONE.with(Scope::Read).with(Scope::Generate))
        );
        assert_eq!((Scopes::parse(""), Scopes::parse("read,all")), (None, None));
        assert_eq!(Scopes::USUAL.to_string(), "read,generate,account");
    }

    #[test]
    fn a_key_gives_no_more_than_it_has() {
        let read = Scopes::NONE.with(Scope::Read);
        assert!(read.is_within(Scopes::USUAL) && Scopes::NONE.is_within(read) && read.is_within(read));
        assert!(!Scopes::ALL.is_within(Scopes::USUAL) && !Scopes::USUAL.is_within(read));
        assert!(!Scopes::USUAL.has(Scope::Operator));
    }
}
