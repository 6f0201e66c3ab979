//! A server's telemetry as samples: what was, piece by piece, and what is new.

use std::path::PathBuf;

use npo_network::catalog::Full;
use npo_network::prometheus::{Interval, Question, Reader, questions};
use npo_network::recording::{Limits, read_cabling};
use npo_network::{Cabling, Sample};

use super::client::{Address, Client, FetchError};
use super::settings::{Settings, SettingsError};

/// Longest stretch that is asked for at once, ms: ten thousand ports scraped twice a minute then give
/// an answer of some 60 MB.
const PIECE_MS: i64 = 600_000;

/// Shortest stretch that is tried where answers are too large, ms.
const PIECE_LEAST_MS: i64 = 15_000;

/// Distance of the values that are asked of expressions for the past, ms, until the interval of
/// scrapes is known from elsewhere.
const STEP_MS: i64 = 15_000;

/// Why there is no telemetry.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The settings make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The server gave no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It names more ports than can be held.
    #[error("the answers name too much")]
    TooMany(#[from] Full),
    /// The file of links cannot be used.
    #[error("the cabling in `{path}` cannot be used")]
    Cabling {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: npo_network::recording::Error,
    },
    /// The server has none of the metrics.
    #[error("no series was found for {0}")]
    Nothing(String),
}

impl SourceError {
    /// One word for it, for metrics and status pages that anybody may read.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Fetch(error) => error.kind(),
            Self::TooMany(_) => "too-many-names",
            Self::Cabling { .. } => "cabling",
            Self::Nothing(_) => "nothing-found",
        }
    }
}

/// A server's telemetry.
pub struct Telemetry {
    client: Client,
    address: Address,
    questions: Vec<Question>,
    reader: Reader,
    cabling: Option<PathBuf>,
    site: String,
}

impl Telemetry {
    /// Prepares to ask; nothing is sent yet.
    ///
    /// # Errors
    /// The settings make no sense.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let mapping = settings.mapping()?;
        Ok(Self {
            client: settings.client()?,
            address: settings.address()?,
            questions: questions(&mapping),
            reader: Reader::new(mapping, &settings.site),
            cabling: settings.cabling.clone(),
            site: settings.site.clone(),
        })
    }

    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What was read so far.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What is asked, in the server's language.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        self.questions.iter().map(Question::query)
    }

    /// Reads everything scraped within the last `window_ms` by the server's clock, and gives out what
    /// is new and complete.
    ///
    /// # Errors
    /// No answer, or one that names too much.
    pub fn poll(&mut self, window_ms: i64, samples: &mut Vec<Sample>) -> Result<(), SourceError> {
        for question in &self.questions {
            let answer = self.client.fetch(&question.latest(window_ms))?;
            self.reader.take(question, &answer)?;
        }
        self.reader.release(false, samples);
        Ok(())
    }

    /// Starts to read what was scraped within `interval`.
    #[must_use]
    pub fn backfill(&self, interval: Interval) -> Backfill {
        Backfill {
            next_ms: interval.from_ms,
            to_ms: interval.to_ms,
            piece_ms: PIECE_MS,
            done: false,
        }
    }

    /// The links of the file that the settings name; empty if they name none.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn read_cabling(&mut self) -> Result<Cabling, SourceError> {
        let Some(path) = &self.cabling else { return Ok(Cabling::default()) };
        read_cabling(path, &self.site, &Limits::default(), self.reader.catalog_mut())
            .map_err(|source| SourceError::Cabling { path: path.clone(), source })
    }

    /// The error that nothing was found.
    #[must_use]
    pub fn nothing_found(&self) -> SourceError {
        let queries: Vec<&str> = self.queries().collect();
        SourceError::Nothing(queries.join(" and "))
    }
}

/// The past, read piece by piece in order of time.
#[derive(Debug)]
pub struct Backfill {
    next_ms: i64,
    to_ms: i64,
    piece_ms: i64,
    done: bool,
}

impl Backfill {
    /// Reads the next piece and gives out its samples; `false` if there is none left.
    ///
    /// A piece whose answer is too large is halved. After an error the same piece is tried again.
    ///
    /// # Errors
    /// As [`Telemetry::poll`].
    pub fn advance(
        &mut self,
        telemetry: &mut Telemetry,
        samples: &mut Vec<Sample>,
    ) -> Result<bool, SourceError> {
        if self.done {
            return Ok(false);
        }
        loop {
            let to_ms = self.next_ms.saturating_add(self.piece_ms).min(self.to_ms);
            match self.read(telemetry, Interval { from_ms: self.next_ms, to_ms }) {
                Ok(()) => {
                    telemetry.reader.release(true, samples);
                    self.next_ms = to_ms;
                    self.done = to_ms >= self.to_ms;
                    return Ok(true);
                }
                Err(SourceError::Fetch(FetchError::TooLarge(_)))
                    if self.piece_ms / 2 >= PIECE_LEAST_MS =>
                {
                    self.piece_ms /= 2;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&self, telemetry: &mut Telemetry, piece: Interval) -> Result<(), SourceError> {
        let step_ms = telemetry.reader.interval_ms().unwrap_or(STEP_MS);
        for question in &telemetry.questions {
            for request in question.between(piece, step_ms) {
                let answer = telemetry.client.fetch(&request)?;
                telemetry.reader.take(question, &answer)?;
            }
        }
        Ok(())
    }

    /// Up to when it has been read, ms since 1970 UTC.
    #[must_use]
    pub fn done_ms(&self) -> i64 {
        self.next_ms
    }
}
