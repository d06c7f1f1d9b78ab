//! The prompt writer (S2-018…S2-027): a few words become a prompt in five parts, checked for contradictions before anybody sees it.
//!
//! Each question to a text model is a generation of its own: priced, held, and kept when the process dies. At most three are asked of the
//! writer and two of the checker.

use crate::{
    Engine, Error, Result,
    failure::Failure,
    generations::{Asked as Beside, Generation, Once, Wish},
    market_failure,
};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, KeyId, Livemode, Money, QuoteId,
    i18n::Lang,
    prompt::writing::{self, CHECK_SYSTEM, Composition, Purpose},
    state::{GenerationState, Priority},
};
use serde_json::json;
use std::time::Duration;

/// What somebody wants a prompt for.
#[derive(Debug, Clone)]
pub struct Idea {
    pub account: AccountId,
    pub livemode: Livemode,
    /// The key it is asked with: its budgets count it.
    pub key: Option<KeyId>,
    /// A few words.
    pub words: String,
    pub purpose: Purpose,
    pub lang: Lang,
    /// Model or alias that writes and checks; `None`: as the settings say.
    pub model: Option<String>,
    /// The same again asks nothing twice: each question is made once, and goes on where it was left.
    pub once: Option<Once>,
}

/// A prompt that was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Composed {
    pub prompt: String,
    pub parts: Vec<(&'static str, String)>,
    /// What is left to mind, in words for programs: `plain`, `short`, `contradictory`, `language`, `unchecked`.
    pub flags: Vec<&'static str>,
    /// What was found in the first version, when it was rewritten.
    pub contradictions: Vec<String>,
    pub generations: Vec<GenerationId>,
    pub price: Money,
}

/// How much of a prompt the checker reads, in characters: what its price was promised for.
const CHECKED_CHARS: usize = 4 * writing::CHARS_MIN;

fn clipped(text: &str) -> String {
    text.chars().take(CHECKED_CHARS).collect()
}

/// The argument that names the model of a question which its market did not answer.
const MODEL: &str = "model";

/// Writings and checks of one prompt, at most.
const QUESTIONS_MAX: i64 = 5;

/// How long an end is waited for at once.
const A_WHILE: Duration = Duration::from_secs(3_600);

impl Engine {
    /// The most that writing this prompt may cost.
    pub async fn compose_price(&self, idea: &Idea) -> Result<Money> {
        let compose = self.quote(&self.writer_wish(idea, "", &[])).await?.price;
        let check = self.quote(&self.checker_wish(idea, &"x".repeat(CHECKED_CHARS))).await?.price;
        let most = compose.max(check).checked_mul(QUESTIONS_MAX).ok_or(palitra_domain::money::Overflow)?;
        Ok(Money::new(most, self.settings.prices.currency))
    }

    /// The most that the market may take for it, in the wallet's currency: what the house pays where accounts do not.
    pub fn compose_cost(&self, idea: &Idea) -> Result<Money> {
        let wishes = [self.writer_wish(idea, "", &[]), self.checker_wish(idea, &"x".repeat(CHECKED_CHARS))];
        let mut most = 0;
        for wish in wishes {
            let (_, mode) = self.model_for(wish.livemode, &wish.model, &wish.mode)?;
            most = most.max(mode.price_and_cost(&wish.input, &self.settings.prices)?.1.amount);
        }
        let most = most.checked_mul(QUESTIONS_MAX).ok_or(palitra_domain::money::Overflow)?;
        Ok(Money::new(most, self.settings.prices.currency))
    }

    /// Writes a prompt. Something has to carry the work on meanwhile: a started engine here, which `asked` tells what to work on, or a
    /// service.
    pub async fn compose(
        &self,
        idea: &Idea,
        asked: impl Fn(&GenerationId) + Send + Sync,
    ) -> Result<Composed> {
        let most = self.compose_price(idea).await?.amount;
        let mut asked = Asked { engine: self, idea, asked: &asked, generations: Vec::new(), price: 0, most };
        let mut written = asked.write("", &[]).await?;
        if !written.is_long_enough() {
            let longer = answered(asked.write(&writing::longer(), &[]).await)?;
            let is_longer =
                |longer: &Composition| longer.text().chars().count() > written.text().chars().count();
            written = longer.filter(is_longer).unwrap_or(written);
        }
        let mut flags = Vec::new();
        let found = answered(asked.check(&written).await)?.flatten();
        let mut contradictions = found.clone().unwrap_or_default();
        if contradictions.is_empty() {
            flags.extend(found.is_none().then_some("unchecked"));
        } else {
            match answered(asked.write(&writing::without(&contradictions), &contradictions).await)? {
                None => flags.push("contradictory"),
                Some(better) => {
                    written = better;
                    match answered(asked.check(&written).await)?.flatten() {
                        Some(left) if left.is_empty() => {}
                        Some(left) => {
                            contradictions = left;
                            flags.push("contradictory");
                        }
                        None => flags.push("unchecked"),
                    }
                }
            }
        }
        flags.extend(written.is_plain().then_some("plain"));
        flags.extend((!written.is_long_enough()).then_some("short"));
        flags.extend((!writing::is_in(&written.text(), idea.lang)).then_some("language"));
        Ok(Composed {
            prompt: written.text(),
            parts: written.parts,
            flags,
            contradictions,
            generations: asked.generations,
            price: Money::new(asked.price, self.settings.prices.currency),
        })
    }

    /// `note` is what was wrong with the answer before.
    fn writer_wish(&self, idea: &Idea, note: &str, contradictions: &[String]) -> Wish {
        let system = writing::compose_system(idea.purpose, idea.lang);
        let input = json!({
            "system": format!("{system}\n{note}").trim_end(), "prompt": idea.words, "language": idea.lang.as_str(), "for": idea.purpose.as_str(), "contradictions": contradictions,
        });
        self.text_wish(idea, "compose", input)
    }

    fn checker_wish(&self, idea: &Idea, prompt: &str) -> Wish {
        self.text_wish(idea, "check", json!({ "system": CHECK_SYSTEM, "prompt": prompt }))
    }

    fn text_wish(&self, idea: &Idea, mode: &str, input: serde_json::Value) -> Wish {
        Wish {
            account: idea.account.clone(),
            livemode: idea.livemode,
            model: idea.model.clone().unwrap_or_else(|| self.settings.prompts.writer.clone()),
            mode: mode.to_owned(),
            input,
            priority: Priority::Standard,
            key: idea.key.clone(),
            webhook: None,
            is_own: true,
        }
    }

    /// One question to a text model, at its quote: the generation that answered it. `asked` hears of it as soon as it is queued.
    pub async fn answered(
        &self,
        wish: Wish,
        quote: Option<QuoteId>,
        asked: impl FnMut(&GenerationId) + Send,
    ) -> Result<Generation> {
        self.answered_once(wish, quote, None, asked).await
    }

    async fn answered_once(
        &self,
        wish: Wish,
        quote: Option<QuoteId>,
        once: Option<Once>,
        mut asked: impl FnMut(&GenerationId) + Send,
    ) -> Result<Generation> {
        let id = self.create_asked(wish, quote, Beside { once, ..Beside::default() }).await?.id;
        asked(&id);
        let generation = self.until_ended(&id).await?;
        if generation.state == GenerationState::Succeeded {
            return Ok(generation);
        }
        let code = generation.error_code.unwrap_or(ErrorCode::GenerationFailed);
        let error = Error::new(code).with("value", generation.market).with(MODEL, generation.model);
        Err(error.with("hint", generation.error_text.unwrap_or_default()))
    }

    /// Waits until a generation has ended.
    pub async fn until_ended(&self, id: &GenerationId) -> Result<Generation> {
        loop {
            let generation = self.wait(id, A_WHILE).await?;
            if generation.state.is_terminal() {
                return Ok(generation);
            }
        }
    }
}

/// A question that its market did not answer is told like any other generation.
pub fn unanswered(error: Error) -> Failure {
    let arg = |wanted| error.args.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    match (arg(MODEL), arg("value")) {
        (Some(model), Some(market)) => market_failure::failure(error.code, (market, model), arg("hint")),
        _ => error.into(),
    }
}

/// What came of a question after the first: `None` when its market did not answer it. A prompt that was paid for is shown without it.
fn answered<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.args.iter().any(|(name, _)| *name == MODEL) => Ok(None),
        answer => answer.map(Some),
    }
}

/// What has been asked for one prompt so far.
struct Asked<'a> {
    engine: &'a Engine,
    idea: &'a Idea,
    asked: &'a (dyn Fn(&GenerationId) + Send + Sync),
    generations: Vec<GenerationId>,
    price: i64,
    /// What was promised for all of it.
    most: i64,
}

impl Asked<'_> {
    async fn write(&mut self, note: &str, contradictions: &[String]) -> Result<Composition> {
        let wish = self.engine.writer_wish(self.idea, note, contradictions);
        let answer = self.answer(wish).await?;
        // What was paid for is shown, with a flag, whatever its form.
        Composition::parse(&answer).or_else(|| Composition::plain(&answer)).ok_or_else(|| {
            Error::new(ErrorCode::BadResult)
                .with("value", self.idea.model.as_deref().unwrap_or(&self.engine.settings.prompts.writer))
        })
    }

    /// `None`: the checker's answer cannot be read, and the prompt is shown with a flag instead of not at all.
    async fn check(&mut self, written: &Composition) -> Result<Option<Vec<String>>> {
        let answer = self.answer(self.engine.checker_wish(self.idea, &clipped(&written.text()))).await?;
        Ok(writing::contradictions(&answer))
    }

    async fn answer(&mut self, wish: Wish) -> Result<String> {
        // Never more than was agreed to, whatever the writer answers.
        let quote = self.engine.quote(&wish).await?;
        let sum = self.price.saturating_add(quote.price);
        if sum > self.most {
            let currency = self.engine.settings.prices.currency;
            return Err(Error::new(ErrorCode::OverMaxCost)
                .with("value", Money::new(sum, currency))
                .with("limit", Money::new(self.most, currency)));
        }
        let generations = &mut self.generations;
        let question = generations.len();
        let once = self.idea.once.clone();
        let once = once.map(|once| Once { key: format!("{} question {question}", once.key), ..once });
        let answered = self.engine.answered_once(wish, Some(quote.id), once, |id| {
            generations.push(id.clone());
            (self.asked)(id);
        });
        let generation = answered.await?;
        self.price = self.price.saturating_add(generation.price);
        Ok(generation.output.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
