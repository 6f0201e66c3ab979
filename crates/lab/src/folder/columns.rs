//! Runs as Parquet, in the same long form as the CSV tables.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::record::RunRecord;

/// Rows of one row group.
const ROWS_MAX: usize = 500_000;

/// One row group, by column.
#[derive(Default)]
struct Rows {
    world: Vec<ByteArray>,
    method: Vec<ByteArray>,
    seed: Vec<i64>,
    name: Vec<ByteArray>,
    /// Empty for metrics.
    episode: Vec<i64>,
    value: Vec<f64>,
}

impl Rows {
    fn push(&mut self, record: &RunRecord, name: &str, episode: Option<u64>, value: f64) {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.world.push(record.world.as_str().into());
        self.method.push(record.method.as_str().into());
        self.seed.push(signed(record.seed));
        self.name.push(name.into());
        self.episode.extend(episode.map(signed));
        self.value.push(value);
    }
}

/// Columns `world`, `method`, `seed`, `metric`, `value`.
pub(super) fn runs<'a>(
    out: &mut (dyn Write + Send),
    records: impl Iterator<Item = &'a RunRecord>,
) -> io::Result<()> {
    let rows = records.flat_map(|record| {
        record.metrics.iter().map(move |(name, value)| (record, name.as_str(), None, *value))
    });
    write(out, "metric", rows)
}

/// Columns `world`, `method`, `seed`, `curve`, `episode`, `value`; a point without a value has no
/// row.
pub(super) fn curves<'a>(
    out: &mut (dyn Write + Send),
    records: impl Iterator<Item = &'a RunRecord>,
) -> io::Result<()> {
    let rows = records.flat_map(|record| {
        record.curves.iter().flat_map(move |(name, points)| {
            let points = record.checkpoints.iter().zip(points);
            points.filter_map(move |(episode, value)| {
                value.map(|value| (record, name.as_str(), Some(*episode), value))
            })
        })
    });
    write(out, "curve", rows)
}

fn write<'a>(
    out: &mut (dyn Write + Send),
    name: &str,
    rows: impl Iterator<Item = (&'a RunRecord, &'a str, Option<u64>, f64)>,
) -> io::Result<()> {
    let episode = if name == "curve" { "REQUIRED INT64 episode;" } else { "" };
    let schema = format!(
        "message runs {{ REQUIRED BYTE_ARRAY world (UTF8); REQUIRED BYTE_ARRAY method (UTF8); \
         REQUIRED INT64 seed; REQUIRED BYTE_ARRAY {name} (UTF8); {episode} REQUIRED DOUBLE value; }}"
    );
    let schema = Arc::new(parse_message_type(&schema).map_err(io::Error::other)?);
    // Names repeat, so that dictionaries make them small; what is left is not worth a compressor.
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_created_by("npo".to_owned())
        .build();
    let mut writer =
        SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(io::Error::other)?;
    let mut group = Rows::default();
    for (record, name, episode, value) in rows {
        group.push(record, name, episode, value);
        if group.value.len() == ROWS_MAX {
            write_group(&mut writer, &group).map_err(io::Error::other)?;
            group = Rows::default();
        }
    }
    write_group(&mut writer, &group).map_err(io::Error::other)?;
    writer.close().map_err(io::Error::other)?;
    Ok(())
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    rows: &Rows,
) -> Result<(), ParquetError> {
    if rows.value.is_empty() {
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    let with_episodes = !rows.episode.is_empty();
    let mut i = 0;
    while let Some(mut column) = group.next_column()? {
        match (i, with_episodes) {
            (0, _) => column.typed::<ByteArrayType>().write_batch(&rows.world, None, None)?,
            (1, _) => column.typed::<ByteArrayType>().write_batch(&rows.method, None, None)?,
            (2, _) => column.typed::<Int64Type>().write_batch(&rows.seed, None, None)?,
            (3, _) => column.typed::<ByteArrayType>().write_batch(&rows.name, None, None)?,
            (4, true) => column.typed::<Int64Type>().write_batch(&rows.episode, None, None)?,
            _ => column.typed::<DoubleType>().write_batch(&rows.value, None, None)?,
        };
        column.close()?;
        i += 1;
    }
    group.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let record = |seed| RunRecord {
            world: "A".into(),
            method: "paper".into(),
            seed,
            metrics: BTreeMap::from([("loss".to_owned(), 0.25), ("regret".to_owned(), 12.5)]),
            curves: BTreeMap::from([("loss".to_owned(), vec![Some(0.5), None])]),
            checkpoints: vec![10, 20],
        };
        let records = [record(1), record(2)];
        let read = |bytes: Vec<u8>| -> Vec<String> {
            let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("is Parquet");
            let rows = reader.get_row_iter(None).expect("has rows");
            rows.map(|row| row.expect("is a row").to_string()).collect()
        };
        let mut metrics = Vec::new();
        runs(&mut metrics, records.iter()).expect("is written");
        let mut points = Vec::new();
        curves(&mut points, records.iter()).expect("is written");
        assert_eq!(
            read(metrics)[1..3],
            [
                r#"{world: "A", method: "paper", seed: 1, metric: "regret", value: 12.5}"#,
                r#"{world: "A", method: "paper", seed: 2, metric: "loss", value: 0.25}"#
            ]
        );
        assert_eq!(
            read(points)[1],
            r#"{world: "A", method: "paper", seed: 2, curve: "loss", episode: 10, value: 0.5}"#
        );
    }
}
