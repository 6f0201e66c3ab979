//! The way of an order: replay, decide, fold, join the group, wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use npo_core::decide::NamedProposal;
use npo_core::event::RequestKey;
use npo_core::{Command, Envelope, Inputs, Millis, PersonId};
use npo_log::Record;
use smallvec::SmallVec;

use crate::advance::advance;
use crate::commit::GROUP_BYTES_MAX;
use crate::gather::{self, Gathered};
use crate::wait::Fate;
use crate::{Core, Engine, Inner, Judged, Receipt, Refusal};

/// Times that a verdict is asked for again because the state moved meanwhile; then it is asked for
/// under the lock.
const ATTEMPTS: usize = 3;
/// Proposals of a batch that are decided under one lock.
const CHUNK: usize = 512;

/// An order that was taken, or was taken before.
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for one request")]
enum Taken {
    /// Folded; durable when its group is.
    New(SmallVec<[(u64, Envelope); 1]>, Option<Judged>, Option<Arc<Fate>>),
    /// Answered before, by the event at this position.
    Before(u64),
}

impl Engine {
    /// Carries out an order that needs no verdict.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is recorded then.
    pub async fn order(
        &self,
        actor: PersonId,
        request: Option<RequestKey>,
        command: Command,
    ) -> Result<Receipt, Refusal> {
        let inputs = inputs(actor, request, Self::now());
        let taken = self.0.core.lock().take(&self.0, command, &inputs, None)?;
        self.finish(taken).await
    }

    /// Judges a proposal.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is recorded then.
    pub async fn propose(
        &self,
        actor: PersonId,
        request: Option<RequestKey>,
        mut proposal: NamedProposal<'_>,
    ) -> Result<Receipt, Refusal> {
        self.foresee(std::iter::once(&mut proposal));
        let at = Self::now();
        let gathered = {
            let core = self.0.core.lock();
            match core.answered(request)? {
                Some(position) => Err(position),
                None => Ok(gather::resolve(&core.state, actor, proposal, at)?),
            }
        };
        let taken = match gathered {
            Err(position) => Taken::Before(position),
            Ok(gathered) => self.take_proposal(gathered, inputs(actor, request, at))?,
        };
        self.finish(taken).await
    }

    /// Judges many proposals, each for itself, in order.
    pub async fn propose_batch(
        &self,
        actor: PersonId,
        proposals: Vec<(Option<RequestKey>, NamedProposal<'_>)>,
    ) -> Vec<Result<Receipt, Refusal>> {
        let mut all = Vec::with_capacity(proposals.len());
        let mut rest = proposals.into_iter();
        loop {
            let chunk: Vec<_> = rest.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            all.extend(self.take_chunk(actor, chunk));
        }
        let mut receipts = Vec::with_capacity(all.len());
        for taken in all {
            receipts.push(match taken {
                Ok(taken) => self.finish(taken).await,
                Err(refusal) => Err(refusal),
            });
        }
        receipts
    }

    /// [`Self::order`] for a thread outside any runtime.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub fn order_blocking(
        &self,
        actor: PersonId,
        request: Option<RequestKey>,
        command: Command,
    ) -> Result<Receipt, Refusal> {
        crate::block_on(self.order(actor, request, command))
    }

    /// [`Self::propose_batch`] for a thread outside any runtime.
    pub fn propose_batch_blocking(
        &self,
        actor: PersonId,
        proposals: Vec<(Option<RequestKey>, NamedProposal<'_>)>,
    ) -> Vec<Result<Receipt, Refusal>> {
        crate::block_on(self.propose_batch(actor, proposals))
    }

    fn take_proposal(&self, mut gathered: Gathered, mut inputs: Inputs) -> Result<Taken, Refusal> {
        let spe = self.policy();
        for attempt in 1.. {
            inputs.verdict = Some(gathered.verdict(spe.as_deref(), inputs.at, &self.0.counters));
            let mut core = self.0.core.lock();
            if !gathered.still_holds(&core.state, inputs.at) {
                gathered.refresh(&core.state, inputs.at)?;
                if attempt < ATTEMPTS {
                    continue;
                }
                inputs.verdict =
                    Some(gathered.verdict(spe.as_deref(), inputs.at, &self.0.counters));
            }
            let (proposal, judged) = gathered.into_parts();
            return core.take(&self.0, Command::Propose(proposal), &inputs, Some(judged));
        }
        unreachable!("the loop returns at its last attempt")
    }

    fn take_chunk(
        &self,
        actor: PersonId,
        mut chunk: Vec<(Option<RequestKey>, NamedProposal<'_>)>,
    ) -> Vec<Result<Taken, Refusal>> {
        self.foresee(chunk.iter_mut().map(|(_, proposal)| proposal));
        let (at, spe) = (Self::now(), self.policy());
        let resolved: Vec<_> = {
            let core = self.0.core.lock();
            let resolve = |(request, named)| {
                let gathered = gather::resolve(&core.state, actor, named, at);
                (request, gathered.map_err(Refusal::from))
            };
            chunk.into_iter().map(resolve).collect()
        };
        let judged: Vec<_> = resolved
            .into_iter()
            .map(|(request, gathered)| {
                let verdict = |g: Gathered| (g.verdict(spe.as_deref(), at, &self.0.counters), g);
                (request, gathered.map(verdict))
            })
            .collect();
        let mut core = self.0.core.lock();
        judged
            .into_iter()
            .map(|(request, judged)| {
                let (mut verdict, mut gathered) = judged?;
                if let Some(position) = core.answered(request)? {
                    return Ok(Taken::Before(position));
                }
                if !gathered.still_holds(&core.state, at) {
                    gathered.refresh(&core.state, at)?;
                    verdict = gathered.verdict(spe.as_deref(), at, &self.0.counters);
                }
                let inputs = Inputs { verdict: Some(verdict), ..inputs(actor, request, at) };
                let (proposal, judged) = gathered.into_parts();
                core.take(&self.0, Command::Propose(proposal), &inputs, Some(judged))
            })
            .collect()
    }

    /// Waits until what was taken is durable.
    async fn finish(&self, taken: Taken) -> Result<Receipt, Refusal> {
        match taken {
            Taken::New(events, judged, fate) => {
                if let Some(fate) = fate {
                    fate.wait().await.map_err(Refusal::Unavailable)?;
                }
                Ok(Receipt { events, replayed: false, judged })
            }
            Taken::Before(position) => {
                self.until_durable(position, "the first request with this key").await?;
                let unreadable = |why: String| Refusal::Unavailable(why);
                let found = self.event(position).map_err(|e| unreadable(e.to_string()))?;
                let (envelope, _) =
                    found.ok_or_else(|| unreadable(format!("event {position} is gone")))?;
                let events = [(position, envelope)].into_iter().collect();
                Ok(Receipt { events, replayed: true, judged: None })
            }
        }
    }

    /// Waits for the group that holds `what` at `position`; fails if that group does.
    pub(crate) async fn until_durable(&self, position: u64, what: &str) -> Result<(), Refusal> {
        let mut durable = self.durable();
        while *durable.borrow_and_update() < position {
            if self.read(|state| state.position()) < position {
                return Err(Refusal::Unavailable(format!("{what} was not recorded")));
            }
            if durable.changed().await.is_err() {
                return Err(Refusal::Unavailable("the engine is closing".into()));
            }
        }
        Ok(())
    }
}

fn inputs(actor: PersonId, request: Option<RequestKey>, at: Millis) -> Inputs {
    Inputs { at, actor, request, draws: gather::draws(), verdict: None }
}

impl Core {
    /// The position that answered a request before.
    fn answered(&self, request: Option<RequestKey>) -> Result<Option<u64>, Refusal> {
        let Some(request) = request else { return Ok(None) };
        match self.state.answered_request(&request.key) {
            None => Ok(None),
            Some((position, content)) if content == request.content => Ok(Some(position)),
            Some(_) => Err(Refusal::KeyReused),
        }
    }

    /// Decides and folds an order, and puts its bytes into the group.
    fn take(
        &mut self,
        inner: &Inner,
        command: Command,
        inputs: &Inputs,
        judged: Option<Judged>,
    ) -> Result<Taken, Refusal> {
        if let Some(reason) = &self.failed {
            return Err(Refusal::Unavailable(reason.clone()));
        }
        if self.closing {
            return Err(Refusal::Unavailable("the engine is closing".into()));
        }
        if let Some(position) = self.answered(inputs.request)? {
            return Ok(Taken::Before(position));
        }
        if self.group.records.len() >= inner.options.group_max
            || self.group.bytes >= GROUP_BYTES_MAX
        {
            return Err(Refusal::Overloaded);
        }
        let Self { state, group, .. } = self;
        let wake = group.records.is_empty();
        let mut taken = SmallVec::new();
        let events = advance(state, &command, inputs, |_, envelope| {
            let (kind, version, body) = npo_core::stored::encode(envelope);
            if envelope.event.concerns_access() {
                inner.people.fetch_add(1, Ordering::Release);
            }
            group.bytes += body.len();
            group.records.push(Record { kind, version, body });
        })?;
        if events.is_empty() {
            return Ok(Taken::New(SmallVec::new(), None, None));
        }
        let first = self.state.position() + 1 - events.len() as u64;
        taken.extend((first..).zip(events));
        if wake {
            inner.work.notify_one();
        }
        Ok(Taken::New(taken, judged, Some(Arc::clone(&self.group.fate))))
    }
}
