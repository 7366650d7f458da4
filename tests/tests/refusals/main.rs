//! Hostile files made by hand: each thing that is wrong with a file gives its own error.
use dunlin::format::graph::LayerSpec;
use dunlin::format::header::checksum;
use dunlin::format::write::AlignedBytes;
use dunlin::{F32, LayerError, LoadError, Model, PrecisionTag, W8A16};

mod graphs;
mod layers;
mod raw;
mod recurrent;

use raw::{Raw, error, put, seal};

/// A valid file with bytes changed at a place of the header, under a fresh checksum.
fn changed(at: usize, bytes: &[u8]) -> Option<LoadError> {
    let mut file = Raw::new().to_bytes();
    put(&mut file, at, bytes);
    seal(&mut file);
    error(&file)
}

#[test]
fn the_file_that_the_others_start_from_loads() {
    assert_eq!(Raw::new().error(), None);
}

#[test]
fn each_header_field_has_its_error() {
    assert_eq!(changed(0, b"DUNK"), Some(LoadError::Magic));
    let version = LoadError::Version {
        found: 2,
        supported: 1,
    };
    assert_eq!(changed(4, &[2, 0]), Some(version));
    assert_eq!(changed(6, &[64, 0]), Some(LoadError::Header));
    let given = Raw::new().to_bytes().len() as u32;
    let length = LoadError::Length {
        stated: 0xffff_ffff,
        given,
    };
    assert_eq!(changed(8, &[0xff; 4]), Some(length));
    let unknown = LoadError::UnknownPrecision { found: 7 };
    assert_eq!(changed(16, &[7]), Some(unknown));
    let precision = LoadError::Precision {
        expected: PrecisionTag::W8A16,
        found: PrecisionTag::F32,
    };
    assert_eq!(changed(16, &[0]), Some(precision));
    assert_eq!(changed(17, &[2]), Some(LoadError::Header));
    let packing = LoadError::Packing { found: 9 };
    assert_eq!(changed(18, &[9]), Some(packing));
    for reserved in [46, 47] {
        assert_eq!(changed(reserved, &[1]), Some(LoadError::Header));
    }
    // What a model does without, and no layer.
    for promise in [0x40, 0x80] {
        let unstated = LoadError::Layer {
            index: 0,
            error: LayerError::Unstated,
        };
        assert_eq!(changed(27, &[promise]), Some(unstated));
    }
    for stated in [0u32, 80, 112, u32::MAX] {
        let arena = LoadError::ArenaStated {
            stated,
            computed: 96,
        };
        assert_eq!(changed(20, &stated.to_le_bytes()), Some(arena));
    }
    for layers in [0u8, 2, 255] {
        assert_eq!(changed(24, &[layers, 0]), Some(LoadError::Header));
    }
    for (field, bytes) in [
        (28, [0; 4]),
        (28, [0, 0, 1, 0]),
        (32, [0; 4]),
        (32, [0xff; 4]),
    ] {
        let dimension = LoadError::Layer {
            index: 0,
            error: LayerError::Dimension,
        };
        assert_eq!(changed(field, &bytes), Some(dimension));
    }
    assert_eq!(changed(36, &[5]), Some(LoadError::OutputStated));
    assert_eq!(changed(40, &[4]), Some(LoadError::OutputStated));
    let mut file = Raw::new().to_bytes();
    let computed = checksum(&file);
    put(&mut file, 12, &(!computed).to_le_bytes());
    let stated = !computed;
    assert_eq!(error(&file), Some(LoadError::Checksum { stated, computed }));
}

#[test]
fn a_file_elsewhere_in_memory_is_refused() {
    let file = Raw::new().to_bytes();
    let mut shifted = AlignedBytes::zeroed(file.len() + 16);
    for by in 1..16 {
        let place = &mut shifted.as_mut()[by..by + file.len()];
        place.copy_from_slice(&file);
        let error = Model::<W8A16, 1>::from_bytes(place).err();
        assert_eq!(error, Some(LoadError::Misaligned { needed: 16 }));
    }
}

#[test]
fn the_other_precision_is_refused() {
    let file = AlignedBytes::new(&Raw::new().to_bytes());
    let error = Model::<F32, 1>::from_bytes(file.as_slice()).err();
    let expected = LoadError::Precision {
        expected: PrecisionTag::F32,
        found: PrecisionTag::W8A16,
    };
    assert_eq!(error, Some(expected));
}

#[test]
fn more_layers_than_there_is_room_for_are_refused() {
    let mut raw = Raw::new();
    raw.layers.push(LayerSpec::Flatten);
    raw.stated_layers = 2;
    raw.output = [1, 12];
    assert_eq!(raw.error(), None);
    let file = AlignedBytes::new(&raw.to_bytes());
    let error = Model::<W8A16, 1>::from_bytes(file.as_slice()).err();
    let expected = LoadError::LayerCapacity {
        needed: 2,
        given: 1,
    };
    assert_eq!(error, Some(expected));
    // 65 layers need no more than a byte each in the file.
    raw.layers.extend(vec![LayerSpec::Flatten; 63]);
    raw.stated_layers = 65;
    let expected = LoadError::LayerCapacity {
        needed: 65,
        given: 64,
    };
    assert_eq!(raw.error(), Some(expected));
}

#[test]
fn a_malformed_message_is_refused() {
    let long = "a name of more than thirty-two bytes";
    let cases = [
        Raw {
            name: long,
            ..Raw::new()
        },
        Raw {
            behind: vec![0],
            ..Raw::new()
        },
        Raw {
            padding: Some(vec![0; 16]),
            ..Raw::new()
        },
        Raw {
            padding: Some(vec![1; 3]),
            ..Raw::new()
        },
    ];
    for raw in &cases {
        assert_eq!(raw.error(), Some(LoadError::Message), "{raw:?}");
    }
    // One byte of padding, whatever its number, must be zero; any other number moves the weights.
    for padding in 0..16 {
        let zeros = Raw {
            padding: Some(vec![0; padding]),
            ..Raw::new()
        };
        let mut ones = zeros.clone();
        ones.padding = Some(vec![1; padding]);
        if zeros.error().is_none() && padding > 0 {
            assert_eq!(ones.error(), Some(LoadError::Message));
        } else if padding > 0 {
            assert_eq!(zeros.error(), Some(LoadError::Message));
        }
    }
    let mut file = Raw::new().to_bytes();
    // The name's length: beyond the file. Its first byte: not UTF-8, which only the name's reader sees.
    for (at, byte, expected) in [(48, 0x7f, Some(LoadError::Message)), (49, 0xff, None)] {
        let before = std::mem::replace(&mut file[at], byte);
        seal(&mut file);
        assert_eq!(error(&file), expected);
        file[at] = before;
    }
}

#[test]
fn malformed_scales_are_refused() {
    let finite = [1.0f32, 0.5].map(f32::to_le_bytes).concat();
    let weights = Raw::new().weights;
    let with = |scales: [u16; 2], before: &[u8], after: &[u8]| Raw {
        scales,
        weights: [before, &weights, after].concat(),
        ..Raw::new()
    };
    assert_eq!(with([1, 1], &finite, &finite).error(), None);
    let each = finite.repeat(2);
    assert_eq!(with([2, 0], &each, &[]).error(), None);
    let all = finite.repeat(3);
    assert_eq!(with([0, 3], &[], &all).error(), None);
    // Neither one nor one a channel; not there; not finite.
    assert_eq!(with([3, 0], &all, &[]).error(), Some(LoadError::Scales));
    assert_eq!(with([0, 2], &[], &each).error(), Some(LoadError::Scales));
    assert_eq!(with([0, 1], &[], &[]).error(), Some(LoadError::Scales));
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bad = [1.0, value].map(f32::to_le_bytes).concat();
        assert_eq!(with([1, 0], &bad, &[]).error(), Some(LoadError::Scales));
    }
}

#[test]
fn weights_that_no_layer_takes_are_refused() {
    let mut raw = Raw::new();
    raw.weights.extend([0; 4]);
    assert_eq!(raw.error(), Some(LoadError::Unused { bytes: 4 }));
}

#[test]
fn a_continuous_model_without_steps_is_refused() {
    let mut raw = Raw::new();
    raw.mode = 1;
    assert_eq!(raw.error(), None);
    raw.layers.push(LayerSpec::Flatten);
    raw.stated_layers = 2;
    raw.output = [1, 12];
    assert_eq!(raw.error(), Some(LoadError::NotContinuous { index: 1 }));
}
