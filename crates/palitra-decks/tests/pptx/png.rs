//! A PNG file of any size, black.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let row = vec![0; 1 + usize::try_from(width.div_ceil(8)).expect("a width")]; // no filter, one bit each
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..height {
        packed.write_all(&row).expect("memory");
    }
    let [width, height] = [width, height].map(u32::to_be_bytes);
    let header = [&width[..], &height, &[1, 0, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in
        [(b"IHDR", header), (b"IDAT", packed.finish().expect("memory")), (b"IEND", Vec::new())]
    {
        let mut check = Crc::new();
        check.update(name);
        check.update(&data);
        file.extend(u32::try_from(data.len()).expect("a chunk").to_be_bytes());
        file.extend(name);
        file.extend(&data);
        file.extend(check.sum().to_be_bytes());
    }
    file
}
