//! How large a generated fabric is, and how lively.

/// Most links of one generated fabric; each takes about a kilobyte.
pub const LINKS_MAX: usize = 100_000;

/// Shape, traffic and troubles of a generated fabric.
#[derive(Debug, Clone, PartialEq)]
pub struct FabricConfig {
    /// Names of the sites; each has its own spines and leaves, 1 to 100.
    pub sites: Vec<String>,
    /// Spines per site, 1 to 256.
    pub spines: usize,
    /// Leaves per site, 2 to 1024: a single one has nobody to talk to.
    pub leaves: usize,
    /// Parallel links from each leaf to each spine, 1 to 16.
    pub parallel_links: usize,
    /// Capacity of a link in Gbit/s: 10, 25, 40, 100, 200, 400 or 800.
    pub link_gbps: u32,
    /// Simulated time between two readings of a port, ms, 1,000 to 60,000.
    pub interval_ms: i64,
    /// Utilisation of the links averaged over a day, 0.01 to 0.9.
    pub utilisation: f64,
    /// Swing of the utilisation over a day as a share of it, 0 to 1.
    pub daily_swing: f64,
    /// Mean simulated time between two bursts of a site, s, at least 1.
    pub burst_every_s: f64,
    /// Longest time by which a device's published counters are behind, ms, 0 to 900; each reading draws its own.
    pub read_lag_ms: u32,
    /// Mean simulated time between the beginnings of two troubles, s, at least 1.
    pub trouble_every_s: f64,
    /// By how much longer than minutes the troubles last that do not pass by themselves, 0.1 to 1000.
    pub lasting: f64,
    /// Time until hands have mended a link that was taken out or has a ticket, s, 60 to 604800.
    pub mend_after_s: f64,
}

impl Default for FabricConfig {
    /// Two sites with 128 links in all; a finding about every 100 to 300 s of simulated time.
    fn default() -> Self {
        Self {
            sites: vec!["fra1".to_owned(), "ams1".to_owned()],
            spines: 4,
            leaves: 8,
            parallel_links: 2,
            link_gbps: 100,
            interval_ms: 10_000,
            utilisation: 0.35,
            daily_swing: 0.5,
            burst_every_s: 120.0,
            read_lag_ms: 200,
            trouble_every_s: 150.0,
            lasting: 1.0,
            mend_after_s: 3_600.0,
        }
    }
}

/// A fabric that cannot be generated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A setting is out of its range.
    #[error("`{name}` is {found}, expected {expected}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        expected: &'static str,
    },
    /// A site's name that no topology takes, or one name twice.
    #[error(transparent)]
    Topology(#[from] crate::topology::Error),
    /// More links than one fabric may have.
    #[error("the fabric would have {found} links, expected at most {LINKS_MAX}")]
    TooManyLinks {
        /// Links that the settings ask for.
        found: usize,
    },
}

impl FabricConfig {
    /// Checks every range.
    pub(super) fn check(&self) -> Result<(), Error> {
        let range = |name, found: f64, min: f64, max: f64, expected| {
            let fits = (min..=max).contains(&found);
            if fits {
                Ok(())
            } else {
                Err(Error::OutOfRange { name, found: found.to_string(), expected })
            }
        };
        range("sites", self.sites.len() as f64, 1.0, 100.0, "1 to 100 names")?;
        range("spines", self.spines as f64, 1.0, 256.0, "1 to 256")?;
        range("leaves", self.leaves as f64, 2.0, 1_024.0, "2 to 1024")?;
        range("parallel_links", self.parallel_links as f64, 1.0, 16.0, "1 to 16")?;
        range("interval_ms", self.interval_ms as f64, 1e3, 6e4, "1000 to 60000")?;
        range("utilisation", self.utilisation, 0.01, 0.9, "0.01 to 0.9")?;
        range("daily_swing", self.daily_swing, 0.0, 1.0, "0 to 1")?;
        range("burst_every_s", self.burst_every_s, 1.0, 1e9, "1 to 1000000000")?;
        range("read_lag_ms", f64::from(self.read_lag_ms), 0.0, 900.0, "0 to 900")?;
        range("lasting", self.lasting, 0.1, 1e3, "0.1 to 1000")?;
        range("mend_after_s", self.mend_after_s, 60.0, 604_800.0, "60 to 604800")?;
        range("trouble_every_s", self.trouble_every_s, 1.0, 1e9, "1 to 1000000000")?;
        let links = self.sites.len() * self.spines * self.leaves * self.parallel_links;
        if links > LINKS_MAX {
            return Err(Error::TooManyLinks { found: links });
        }
        self.interface_prefix().map(|_| ())
    }

    /// How an interface of the links' capacity is called.
    pub(super) fn interface_prefix(&self) -> Result<&'static str, Error> {
        match self.link_gbps {
            10 => Ok("TenGigE"),
            25 => Ok("TwentyFiveGigE"),
            40 => Ok("FortyGigE"),
            100 => Ok("HundredGigE"),
            200 => Ok("TwoHundredGigE"),
            400 => Ok("FourHundredGigE"),
            800 => Ok("EightHundredGigE"),
            other => {
                let expected = "10, 25, 40, 100, 200, 400 or 800";
                Err(Error::OutOfRange { name: "link_gbps", found: other.to_string(), expected })
            }
        }
    }
}
