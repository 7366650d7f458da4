//! The state of a stream as bytes, so that it survives deep sleep or makes room for another stream.
//!
//! ```text
//! offset  bytes
//!      0      4  magic "DUNS"
//!      4      2  snapshot version
//!      6      2  zero
//!      8      4  total length
//!     12      4  CRC-32 (ISO-HDLC) of all other bytes of the snapshot
//!     16      4  CRC-32 of the model's file
//!     20      4  samples since the start of the window
//!     24      -  state of the recurrent layers, then what the stream keeps
//! ```
use core::ops::Range;

use crate::error::SnapshotError;
use crate::format::header::checksum;
use crate::precision::Precision;

use super::Session;

const HEADER_BYTES: usize = 24;
const MAGIC: [u8; 4] = *b"DUNS";
const VERSION: u16 = 1;

impl<P: Precision> Session<'_, '_, P> {
    /// Length of a snapshot in bytes: the same for every state of a model, and below its arena and 24 bytes more.
    pub fn snapshot_bytes(&self) -> usize {
        HEADER_BYTES + self.state.len() + self.kept().len()
    }

    /// Writes the state of the stream to the front of `to`; gives its length, [`Session::snapshot_bytes`].
    ///
    /// # Errors
    /// [`SnapshotError::TooShort`] when `to` has no room for it.
    pub fn snapshot(&mut self, to: &mut [u8]) -> Result<usize, SnapshotError> {
        const { Self::HAS_STREAMS };
        if self.ended {
            self.reset();
        }
        let (needed, given) = (self.snapshot_bytes(), to.len());
        let short = SnapshotError::TooShort {
            needed: needed as u32,
            given: given as u32,
        };
        let snapshot = to.get_mut(..needed).ok_or(short)?;
        let kept = self.zone.get(self.kept()).unwrap_or_default();
        let (header, payload) = snapshot.split_first_chunk_mut().ok_or(short)?;
        *header = self.snapshot_header(0);
        let bytes = self.state.iter().chain(kept);
        for (to, &from) in payload.iter_mut().zip(bytes) {
            *to = from;
        }
        let sum = checksum(snapshot);
        if let Some(header) = snapshot.first_chunk_mut() {
            *header = self.snapshot_header(sum);
        }
        Ok(needed)
    }

    /// Goes on with the stream of a snapshot of the same model, in whatever session it was taken; after an error the stream
    /// is what it was.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are damaged, or are of another model.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        const { Self::HAS_STREAMS };
        let (needed, given) = (self.snapshot_bytes(), snapshot.len());
        let (header, payload) =
            snapshot
                .split_first_chunk::<HEADER_BYTES>()
                .ok_or(SnapshotError::TooShort {
                    needed: HEADER_BYTES as u32,
                    given: given as u32,
                })?;
        let [m0, m1, m2, m3, v0, v1, zeros @ ..] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(SnapshotError::Magic);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != VERSION {
            return Err(SnapshotError::Version {
                found: version,
                supported: VERSION,
            });
        }
        let word = |at: usize| {
            let bytes = header.get(at..at + 4).and_then(|bytes| bytes.first_chunk());
            u32::from_le_bytes(bytes.copied().unwrap_or_default())
        };
        let (stated, sum, model, samples) = (word(8), word(12), word(16), word(20));
        if model != self.model {
            return Err(SnapshotError::Model {
                expected: self.model,
                found: model,
            });
        }
        if stated as usize != needed || given != needed || zeros[..2] != [0, 0] {
            return Err(SnapshotError::Length {
                expected: needed as u32,
                given: given as u32,
            });
        }
        let computed = checksum(snapshot);
        if computed != sum {
            return Err(SnapshotError::Checksum {
                stated: sum,
                computed,
            });
        }
        let (state, kept) = payload
            .split_at_checked(self.state.len())
            .unwrap_or_default();
        self.samples = samples.min(self.plan.window().max(self.plan.input.hop));
        let place = self.kept();
        self.ended = false;
        let zone = self.zone.get_mut(place).unwrap_or_default();
        let bytes = self.state.iter_mut().chain(zone);
        for (to, &from) in bytes.zip(state.iter().chain(kept)) {
            *to = from;
        }
        Ok(())
    }

    fn snapshot_header(&self, sum: u32) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        let version = u32::from(VERSION);
        let words = [
            u32::from_le_bytes(MAGIC),
            version,
            self.snapshot_bytes() as u32,
            sum,
            self.model,
            self.samples,
        ];
        for (to, word) in header.as_chunks_mut().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        header
    }

    /// The bytes of the zone that belong to the stream.
    fn kept(&self) -> Range<usize> {
        if self.plan.collects::<P::Build>() {
            self.window_input(self.plan.input.shape.len())
        } else {
            0..self.plan.stream
        }
    }
}
