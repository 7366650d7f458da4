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
    /// This computer: never in a file
    #[value(skip)]
    Host,
}

impl Target {
    /// The order of the weights. Helium reads rows, as all do.
    pub fn packing(self) -> Packing {
        match self {
            Self::Portable | Self::M55 => Packing::RowMajor,
            Self::M0 => Packing::OffsetQuads,
            Self::M4 => Packing::RowPairs,
            Self::Host => Packing::RowLanes,
        }
    }

    /// What reads weights in this order, fast.
    pub fn of_packing(packing: Packing) -> Self {
        match packing {
            Packing::RowMajor => Self::Portable,
            Packing::OffsetQuads => Self::M0,
            Packing::RowPairs => Self::M4,
            Packing::RowLanes => Self::Host,
        }
    }

    /// Whether a core of this family reads weights in this order. Every core reads rows.
    pub fn reads(self, packing: Packing) -> bool {
        packing == Packing::RowMajor || packing == self.packing()
    }

    /// As `--target` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::M0 => "m0",
            Self::M4 => "m4",
            Self::M55 => "m55",
            Self::Host => "host",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_command_line_takes() {
        for target in Target::value_variants() {
            assert_eq!(Target::from_str(target.name(), false), Ok(*target));
        }
    }

    #[test]
    fn every_family_reads_its_own_order_and_rows() {
        for target in Target::value_variants() {
            assert!(target.reads(target.packing()) && target.reads(Packing::RowMajor));
        }
        for packing in Packing::ALL {
            let target = Target::of_packing(packing);
            assert_eq!(target.packing(), packing);
            let readers = [Target::M0, Target::M4, Target::M55].map(|core| core.reads(packing));
            let expected = match packing {
                Packing::RowMajor => [true; 3],
                Packing::OffsetQuads => [true, false, false],
                Packing::RowPairs => [false, true, false],
                Packing::RowLanes => [false; 3],
            };
            assert_eq!(readers, expected);
        }
    }
}
