//! Settings that cannot be used are refused at the start.

use super::{UnderTest, rules};
use palitra_domain::secret::Secret;

rules!([fal, kie, wavespeed, openai, anthropic]: settings_that_cannot_be_used_are_refused_at_the_start);

type Change<S> = fn(&mut <S as UnderTest>::Settings);

#[expect(clippy::unused_async, reason = "a rule like the others")]
async fn settings_that_cannot_be_used_are_refused_at_the_start<S: UnderTest>() {
    let said = |settings: S::Settings| S::adapter(settings).err();
    let changed = |change: Change<S>| {
        let mut settings = S::Settings::default();
        change(&mut settings);
        said(settings)
    };
    assert_eq!(said(S::Settings::default()), None);
    let message = changed(|settings| *S::dials(settings).keys = vec![("main".into(), Secret::new("a\nb"))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let message =
        changed(|settings| *S::dials(settings).headers = vec![("bad name".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("header `bad name` cannot be sent"));
    for (settings, wanted) in S::odd_settings() {
        assert_eq!(said(settings).as_deref(), wanted);
    }
}
