//! The instructions that the model knows, taken apart.
use super::operand::{Address, Register, Shift, ShiftKind};
use super::vector::Vector;

/// When an instruction is executed (DDI 0403, A7.3 "Conditional execution").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Equal,
    NotEqual,
    CarrySet,
    CarryClear,
    Minus,
    Plus,
    Overflow,
    NoOverflow,
    Higher,
    LowerOrSame,
    GreaterOrEqual,
    Less,
    Greater,
    LessOrEqual,
}

impl Condition {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "cs" | "hs" => Self::CarrySet,
            "cc" | "lo" => Self::CarryClear,
            "mi" => Self::Minus,
            "pl" => Self::Plus,
            "vs" => Self::Overflow,
            "vc" => Self::NoOverflow,
            "hi" => Self::Higher,
            "ls" => Self::LowerOrSame,
            "ge" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "gt" => Self::Greater,
            "le" => Self::LessOrEqual,
            _ => return None,
        })
    }
}

/// The last operand of an operation on data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    Number(u32),
    Register(Register, Shift),
    ShiftedBy(Register, ShiftKind, Register),
}

/// Operations on data with flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    Move,
    MoveNot,
    And,
    Or,
    OrNot,
    ExclusiveOr,
    Clear,
    Add,
    AddCarry,
    Subtract,
    SubtractCarry,
    ReverseSubtract,
    /// The flags of a subtraction.
    Compare,
    /// The flags of an addition.
    CompareNegative,
    /// The flags of an and.
    Test,
    /// The flags of an exclusive or.
    TestEqual,
}

/// The bytes of a load or store of one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    Byte,
    Half,
    Word,
}

impl Width {
    pub fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }
}

/// Of one or two registers.
pub type Of1 = fn(u32) -> u32;
pub type Of2 = fn(u32, u32) -> u32;
/// Of two registers and a third that is added.
pub type Of3 = fn(u32, u32, u32) -> u32;
/// Of two registers and a sum of 64 bits.
pub type Long = fn(u32, u32, u64) -> u64;

#[derive(Debug, Clone, Copy)]
pub enum Operation {
    Data {
        data: Data,
        flags: bool,
        to: Register,
        first: Register,
        second: Second,
    },
    /// Of a register rotated right by some places.
    Extend {
        of: Of1,
        to: Register,
        from: Register,
        rotation: u32,
    },
    Of2 {
        of: Of2,
        to: Register,
        operands: [Register; 2],
    },
    Of3 {
        of: Of3,
        to: Register,
        operands: [Register; 3],
    },
    Long {
        of: Long,
        /// The lower half and the upper one.
        sum: [Register; 2],
        operands: [Register; 2],
    },
    /// `MULS`.
    Multiply {
        to: Register,
        operands: [Register; 2],
    },
    /// A difference that sets GE, by two lanes of 16 bits.
    Subtract16 {
        to: Register,
        operands: [Register; 2],
    },
    /// Bytes of the first where GE is set, else of the second.
    Select {
        to: Register,
        operands: [Register; 2],
    },
    /// To so many bits, of a shifted register.
    Saturate {
        signed: bool,
        bits: u32,
        to: Register,
        from: Register,
        shift: Shift,
    },
    /// One half of the first, the other of the shifted second.
    Pack {
        top_of_first: bool,
        to: Register,
        operands: [Register; 2],
        shift: Shift,
    },
    /// Some bits, from the lowest on.
    Field {
        signed: bool,
        to: Register,
        from: Register,
        lowest: u32,
        bits: u32,
    },
    Load {
        width: Width,
        signed: bool,
        to: Register,
        address: Address,
    },
    Store {
        width: Width,
        from: Register,
        address: Address,
    },
    LoadTwo {
        to: [Register; 2],
        address: Address,
    },
    StoreTwo {
        from: [Register; 2],
        address: Address,
    },
    /// From the base on upward.
    LoadMany {
        base: Register,
        advances: bool,
        list: u16,
    },
    StoreMany {
        base: Register,
        advances: bool,
        list: u16,
    },
    Push {
        list: u16,
    },
    Branch {
        condition: Option<Condition>,
        target: usize,
    },
    /// Where a register is 0, or is not.
    BranchOn {
        zero: bool,
        register: Register,
        target: usize,
    },
    BranchTo {
        register: Register,
    },
    /// `ADR`: where an instruction stands.
    Place {
        to: Register,
        target: usize,
    },
    /// To where a word in memory says.
    Jump {
        address: Address,
    },
    Vector(Vector),
}
