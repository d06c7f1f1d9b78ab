//! Bits as H.264 writes them: fixed widths, Exp-Golomb numbers, and the bytes of a NAL unit.

/// Bits one after another, the highest of a byte first.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// Bits that do not make a byte yet, and how many they are.
    rest: u64,
    held: u32,
}

impl Bits {
    /// The lowest `count` bits of a value, at most 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        let mask = (1_u64 << count) - 1;
        self.rest = (self.rest << count) | (u64::from(value) & mask);
        self.held += count;
        while self.held >= 8 {
            self.held -= 8;
            self.bytes.push(u8::try_from((self.rest >> self.held) & 0xff).unwrap_or(0));
        }
        self.rest &= (1 << self.held) - 1;
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }

    /// `ue(v)`: an unsigned Exp-Golomb number, below 2^16.
    pub(super) fn unsigned(&mut self, value: u32) {
        let length = 32 - (value + 1).leading_zeros();
        self.put(value + 1, 2 * length - 1);
    }

    /// `se(v)`: a signed Exp-Golomb number.
    pub(super) fn signed(&mut self, value: i32) {
        let twice = value.unsigned_abs() * 2;
        self.unsigned(if value > 0 { twice - 1 } else { twice });
    }

    /// Zeros up to the next whole byte.
    pub(super) fn align(&mut self) {
        if self.held > 0 {
            self.put(0, 8 - self.held);
        }
    }

    /// Whole bytes; the bits before must be whole bytes too.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A NAL unit with the first byte given: a closing one and zeros, and a 3 wherever two zeros could be taken for a start code.
    pub(super) fn into_nal(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        self.align();
        let mut nal = Vec::with_capacity(self.bytes.len() + 16);
        nal.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }
}
