//! Every error says in words what is wrong, with its numbers.
use std::collections::HashSet;
use std::error::Error;

use dunlin::{ArenaError, InputLength, LayerError, LoadError, PrecisionTag};

const LAYER: [LayerError; 12] = [
    LayerError::Dimension,
    LayerError::Window {
        needed: 5,
        given: 4,
    },
    LayerError::Weights {
        needed: 12,
        bytes_left: 7,
    },
    LayerError::Unsupported,
    LayerError::Scale { row: 3 },
    LayerError::Overflow { row: 3 },
    LayerError::WeightRange { row: 3 },
    LayerError::Shapes,
    LayerError::Tensor { tensor: 3 },
    LayerError::Memory,
    LayerError::Unstated,
    LayerError::NotBuilt,
];

const LOAD: [LoadError; 19] = [
    LoadError::TooShort {
        needed: 48,
        given: 47,
    },
    LoadError::Magic,
    LoadError::Version {
        found: 2,
        supported: 1,
    },
    LoadError::Header,
    LoadError::Length {
        stated: 268,
        given: 267,
    },
    LoadError::Checksum {
        stated: 0xdead_beef,
        computed: 0x0bad_cafe,
    },
    LoadError::Misaligned { needed: 16 },
    LoadError::UnknownPrecision { found: 7 },
    LoadError::Precision {
        expected: PrecisionTag::W8A16,
        found: PrecisionTag::F32,
    },
    LoadError::Packing { found: 9 },
    LoadError::Message,
    LoadError::LayerCapacity {
        needed: 3,
        given: 2,
    },
    LoadError::Layer {
        index: 1,
        error: LayerError::Dimension,
    },
    LoadError::Scales,
    LoadError::Unused { bytes: 4 },
    LoadError::NotContinuous { index: 1 },
    LoadError::ArenaStated {
        stated: 80,
        computed: 96,
    },
    LoadError::OutputStated,
    LoadError::Pace,
];

/// The sentences of errors, each unlike the others.
fn sentences(errors: &[&dyn Error]) -> Vec<String> {
    let sentences: Vec<String> = errors.iter().map(ToString::to_string).collect();
    for sentence in &sentences {
        assert!(sentence.split(' ').count() >= 3, "no sentence: {sentence}");
        assert!(
            !sentence.contains(['{', '}', '\n']),
            "not plain: {sentence}"
        );
        assert!(!sentence.ends_with('.'), "goes into others: {sentence}");
    }
    let unlike: HashSet<_> = sentences.iter().collect();
    assert_eq!(unlike.len(), sentences.len(), "{sentences:?}");
    sentences
}

#[test]
fn every_error_is_a_sentence() {
    let arena = [
        ArenaError::TooSmall {
            needed: 96,
            given: 80,
        },
        ArenaError::Misaligned { needed: 16 },
    ];
    let input = InputLength {
        expected: 8,
        given: 9,
    };
    let mut all: Vec<&dyn Error> = vec![&input];
    all.extend(LAYER.iter().map(|error| error as &dyn Error));
    all.extend(LOAD.iter().map(|error| error as &dyn Error));
    all.extend(arena.iter().map(|error| error as &dyn Error));
    sentences(&all);
}

#[test]
fn numbers_are_in_the_sentences_and_layers_count_from_one() {
    let length = LOAD[4].to_string();
    assert!(length.contains("268") && length.contains("267"), "{length}");
    let checksum = LOAD[5].to_string();
    let both = checksum.contains("deadbeef") && checksum.contains("0badcafe");
    assert!(both, "{checksum}");
    let layer = LOAD[12].to_string();
    assert!(layer.starts_with("layer 2: "), "{layer}");
    assert!(layer.ends_with(&LAYER[0].to_string()), "{layer}");
    for error in LAYER {
        let sentence = LoadError::Layer { index: 0, error }.to_string();
        assert_eq!(sentence, format!("layer 1: {error}"));
    }
}
