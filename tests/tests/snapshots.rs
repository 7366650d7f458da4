//! Snapshots: a stream that is taken up again goes on with the same bits, and no bytes but its own are taken.
use conformance::golden::GOLDENS;
use conformance::inputs::Random;
use dunlin::format::MAX_LAYERS;
use dunlin::format::header::checksum;
use dunlin::format::write::AlignedBytes;
use dunlin::{F32, Model, Precision, PrecisionTag, Session, SnapshotError, W8A16};

/// Calls `check` with every golden model.
macro_rules! each_golden {
    ($check:ident) => {
        for golden in &GOLDENS {
            match golden.precision().expect("a header") {
                PrecisionTag::F32 => $check::<F32>(golden.file),
                PrecisionTag::W8A16 => $check::<W8A16>(golden.file),
            }
        }
    };
}

fn load<P: Precision>(file: &[u8]) -> Model<'_, P, MAX_LAYERS> {
    Model::from_bytes(file).expect("a golden loads")
}

/// The outputs of the next samples.
fn push<P: Precision>(
    session: &mut Session<'_, '_, P>,
    samples: &[f32],
    channels: usize,
) -> Vec<Option<Vec<u32>>> {
    let bits = |output: &[f32]| output.iter().map(|y| y.to_bits()).collect();
    samples
        .chunks_exact(channels)
        .map(|sample| session.push(sample).expect("a sample").map(bits))
        .collect()
}

#[test]
fn a_stream_goes_on_from_a_snapshot_in_another_session() {
    fn check<P: Precision>(file: &[u8]) {
        let model = load::<P>(file);
        let shape = model.input_shape();
        let channels = shape.channels as usize;
        let mut samples = vec![0.0; 2 * shape.len()];
        Random::new().fill(&mut samples);
        let mut arena = AlignedBytes::zeroed(model.arena_bytes());
        let mut session = Session::new(&model, &mut arena).expect("an arena");
        for taken in 0..=shape.steps as usize {
            session.reset();
            let (before, after) = samples.split_at(taken * channels);
            push(&mut session, before, channels);
            let mut snapshot = vec![0; session.snapshot_bytes()];
            assert_eq!(session.snapshot(&mut snapshot), Ok(snapshot.len()));
            let expected = push(&mut session, after, channels);
            if taken == 0 {
                // After a window, the stream is at its start too.
                session.run(&samples[..shape.len()]).expect("a window");
                let mut after_window = vec![0; session.snapshot_bytes()];
                session.snapshot(&mut after_window).expect("room");
                session.restore(&after_window).expect("a snapshot");
                assert_eq!(push(&mut session, after, channels), expected);
                session.run(&samples[..shape.len()]).expect("a window");
                session.restore(&snapshot).expect("a snapshot");
                assert_eq!(push(&mut session, after, channels), expected);
            }
            let mut other = AlignedBytes::zeroed(model.arena_bytes());
            other.as_mut().fill(0x5a);
            let mut other = Session::new(&model, &mut other).expect("an arena");
            push(&mut other, &samples[..channels], channels);
            assert_eq!(other.restore(&snapshot), Ok(()));
            assert_eq!(push(&mut other, after, channels), expected);
        }
    }
    each_golden!(check);
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused_and_leaves_the_stream() {
    fn check<P: Precision>(file: &[u8]) {
        let model = load::<P>(file);
        let shape = model.input_shape();
        let channels = shape.channels as usize;
        let mut samples = vec![0.0; shape.len()];
        Random::new().fill(&mut samples);
        let mut arena = AlignedBytes::zeroed(model.arena_bytes());
        let mut session = Session::new(&model, &mut arena).expect("an arena");
        let (before, after) = samples.split_at(shape.steps as usize / 2 * channels);
        push(&mut session, before, channels);
        let mut snapshot = vec![0; session.snapshot_bytes()];
        session.snapshot(&mut snapshot).expect("room");
        for bit in 0..8 * snapshot.len() {
            let mut flipped = snapshot.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(session.restore(&flipped).is_err(), "bit {bit}");
        }
        for len in 0..snapshot.len() {
            assert!(session.restore(&snapshot[..len]).is_err(), "{len} bytes");
            let short = SnapshotError::TooShort {
                needed: snapshot.len() as u32,
                given: len as u32,
            };
            assert_eq!(session.snapshot(&mut vec![0; len]), Err(short));
        }
        let expected = push(&mut session, after, channels);
        session.restore(&snapshot).expect("the snapshot itself");
        assert_eq!(push(&mut session, after, channels), expected);
    }
    each_golden!(check);
}

#[test]
fn forged_snapshots_do_not_panic() {
    fn check<P: Precision>(file: &[u8]) {
        let model = load::<P>(file);
        let shape = model.input_shape();
        let mut samples = vec![0.0; 2 * shape.len()];
        let mut random = Random::new();
        random.fill(&mut samples);
        let mut arena = AlignedBytes::zeroed(model.arena_bytes());
        let mut session = Session::new(&model, &mut arena).expect("an arena");
        let mut snapshot = vec![0; session.snapshot_bytes()];
        session.snapshot(&mut snapshot).expect("room");
        for _ in 0..50 {
            let mut forged = snapshot.clone();
            for byte in &mut forged[20..] {
                *byte = random.bits() as u8;
            }
            let sum = checksum(&forged);
            forged[12..16].copy_from_slice(&sum.to_le_bytes());
            session.restore(&forged).expect("the checksum is right");
            push(&mut session, &samples, shape.channels as usize);
        }
        // A reset leads back to a sound state.
        session.reset();
        let output = push(&mut session, &samples, shape.channels as usize);
        let mut fresh = AlignedBytes::zeroed(model.arena_bytes());
        let mut fresh = Session::new(&model, &mut fresh).expect("an arena");
        assert_eq!(push(&mut fresh, &samples, shape.channels as usize), output);
    }
    each_golden!(check);
}

#[test]
fn a_snapshot_of_another_model_is_refused() {
    let [one, _, other, ..] = &GOLDENS;
    let (one, other) = (load::<W8A16>(one.file), load::<W8A16>(other.file));
    let mut arena = AlignedBytes::zeroed(one.arena_bytes());
    let mut session = Session::new(&one, &mut arena).expect("an arena");
    let mut snapshot = vec![0; session.snapshot_bytes()];
    session.snapshot(&mut snapshot).expect("room");
    let mut arena = AlignedBytes::zeroed(other.arena_bytes());
    let mut session = Session::new(&other, &mut arena).expect("an arena");
    let refused = session.restore(&snapshot).expect_err("another model");
    assert!(matches!(refused, SnapshotError::Model { .. }));
    assert!(refused.to_string().contains("a snapshot of the model"));
}
