//! The kernel families that a model file can be packed for.
use clap::ValueEnum;
use dunlin::Packing;

/// What `--target` takes: in which order the integer weights stand in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Every core and the host
    #[default]
    Portable,
    /// Cortex-M0, M0+ and M23
    M0,
    /// Cortex-M4, M7 and M33: cores with the DSP extension
    M4,
    /// Cortex-M55 and M85: cores with Helium
    M55,
}

impl Target {
    /// The order of the weights. Helium reads rows, as all do.
    pub fn packing(self) -> Packing {
        match self {
            Self::Portable | Self::M55 => Packing::RowMajor,
            Self::M0 => Packing::OffsetQuads,
            Self::M4 => Packing::RowPairs,
        }
    }

    /// For a core as QEMU and rustc name it.
    pub fn of_cpu(cpu: &str) -> Self {
        match cpu {
            "cortex-m0" | "cortex-m0plus" | "cortex-m23" => Self::M0,
            "cortex-m4" | "cortex-m7" | "cortex-m33" | "cortex-m35p" => Self::M4,
            "cortex-m52" | "cortex-m55" | "cortex-m85" => Self::M55,
            _ => Self::Portable,
        }
    }
}
