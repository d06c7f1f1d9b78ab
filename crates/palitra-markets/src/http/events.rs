//! Server-sent events (WHATWG HTML, *Server-sent events*) out of a body that may still be coming: the fields `event` and `data`, lines that
//! end with LF or CRLF.

/// One event: its name, empty when it has none, and its lines of data.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
}

/// Reads a body event by event. The body is passed anew each time: it may have grown at its end.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// Where the first line begins that was not read.
    line: usize,
    /// How far the end of that line was looked for.
    looked: usize,
    begun: Event,
}

impl Events {
    /// The next event that is there whole.
    pub(crate) fn next(&mut self, body: &[u8]) -> Option<Event> {
        loop {
            let Some(end) = body.get(self.looked..)?.iter().position(|byte| *byte == b'\n') else {
                self.looked = body.len();
                return None;
            };
            let end = self.looked + end;
            let event = self.take(body.get(self.line..end)?);
            (self.line, self.looked) = (end + 1, end + 1);
            if event.is_some() {
                return event;
            }
        }
    }

    /// What is left when the body has ended: some servers do not say that their last event is over.
    pub(crate) fn last(mut self, body: &[u8]) -> Option<Event> {
        self.take(body.get(self.line..)?).or_else(|| self.take(b""))
    }

    /// A line, without its LF. An empty one ends an event.
    fn take(&mut self, line: &[u8]) -> Option<Event> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.begun);
            return (!event.data.is_empty()).then_some(event);
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"event" => self.begun.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                if !self.begun.data.is_empty() {
                    self.begun.data.push(b'\n');
                }
                self.begun.data.extend_from_slice(value);
            }
            // Comments keep a connection alive; ids and times are for who comes back.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    /// All events of a body that comes in pieces of so many bytes.
    fn in_pieces(body: &[u8], piece: usize) -> Vec<Event> {
        let (mut events, mut seen) = (Events::default(), Vec::new());
        for end in (0..body.len()).step_by(piece.max(1)).chain([body.len()]) {
            seen.extend(std::iter::from_fn(|| events.next(&body[..end])));
        }
        seen.extend(events.last(body));
        seen
    }

    #[test]
    fn events_are_read_whatever_their_lines_end_with_and_however_they_come() {
        let body = ": hello\nevent: a\ndata: {\"b\":\ndata: 1}\n\nid: 7\nretry: 5\n\ndata:two\ndata\n\nevent: c\n\ndata: three\n\n";
        let wanted = [event("a", "{\"b\":\n1}"), event("", "two\n"), event("", "three")];
        for body in [body.to_owned(), body.replace('\n', "\r\n")] {
            for piece in 1..body.len() {
                assert_eq!(in_pieces(body.as_bytes(), piece), wanted, "{piece} of {body:?}");
            }
        }
    }

    #[test]
    fn an_event_is_there_when_its_empty_line_is_and_the_last_one_at_the_end_of_the_body() {
        let body = b"event: a\ndata: 1\n\nevent: b\ndata: 2";
        let mut events = Events::default();
        assert_eq!(events.next(&body[..17]), None);
        assert_eq!(events.next(&body[..18]), Some(event("a", "1")));
        assert_eq!((events.next(body), events.next(body)), (None, None));
        assert_eq!(events.last(body), Some(event("b", "2")));
        assert_eq!(Events::default().last(b""), None);
    }

    proptest! {
        #[test]
        fn pieces_say_what_the_whole_says(body in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd'), any::<u8>()], 0..60), piece in 1_usize..9) {
            prop_assert_eq!(in_pieces(&body, piece), in_pieces(&body, body.len()));
        }
    }
}
