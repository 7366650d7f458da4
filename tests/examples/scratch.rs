use dunlin::*;
fn main() {
    for g in &conformance::golden::GOLDENS {
        let r = match g.precision().unwrap() {
            PrecisionTag::F32 => Model::<F32, 64>::from_bytes(g.file).map(|m| m.arena_bytes()),
            PrecisionTag::W8A16 => Model::<W8A16, 64>::from_bytes(g.file).map(|m| m.arena_bytes()),
        };
        if r.is_err() {
            println!("{} {:?} {:?}", g.name, r, g.file.len());
            let h = Header::read(g.file).unwrap();
            println!("{h:?}");
        }
    }
}
