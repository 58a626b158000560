//! Answers what cargo makes of a text or an archive, with the crates that cargo is built from.
//!
//! Standard input has one JSON request per line, standard output one JSON answer per line, in the
//! same order. What a crate cannot read is answered with `{"refused": "why"}`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::path::Path;
use std::str::FromStr;

use cargo_platform::Platform;
use semver::{Version, VersionReq};
use serde_json::{json, Value};

type Answer = Result<Value, Box<dyn Error>>;

fn main() -> io::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let answer = answer(&line?).unwrap_or_else(|error| json!({"refused": error.to_string()}));
        writeln!(output, "{answer}")?;
    }
    output.flush()
}

fn answer(line: &str) -> Answer {
    let request: Value = serde_json::from_str(line).expect("a request is JSON");
    let text = |key: &str| {
        request[key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key} in {line}"))
    };
    match text("ask") {
        "version" => printed::<Version>(text("text")),
        "requirement" => printed::<VersionReq>(text("text")),
        "target" => printed::<Platform>(text("text")),
        "order" => order(text("left"), text("right")),
        "match" => matches(text("requirement"), text("version")),
        "archive" => members(&from_hex(text("hex"))),
        "unpack" => unpacked(&from_hex(text("hex")), text("root"), Path::new(text("folder"))),
        other => panic!("nobody can be asked for {other}"),
    }
}

/// How something is printed after it has been read.
fn printed<T: FromStr + ToString>(text: &str) -> Answer
where
    T::Err: Error + 'static,
{
    Ok(json!({"printed": T::from_str(text)?.to_string()}))
}

/// Which of two versions is the higher: -1, 0 or 1; `precedence` ignores build metadata.
fn order(left: &str, right: &str) -> Answer {
    let (left, right) = (Version::parse(left)?, Version::parse(right)?);
    let precedence = left.cmp_precedence(&right) as i8;
    Ok(json!({"order": left.cmp(&right) as i8, "precedence": precedence}))
}

/// Whether cargo would choose a version for a requirement.
fn matches(requirement: &str, version: &str) -> Answer {
    let requirement = VersionReq::parse(requirement)?;
    Ok(json!({"matches": requirement.matches(&Version::parse(version)?)}))
}

/// The members of an archive: path, type flag and content of each, all of them in hexadecimal.
fn members(archive: &[u8]) -> Answer {
    let mut members = Vec::new();
    for member in tar::Archive::new(archive).entries()? {
        let mut member = member?;
        let mut content = Vec::new();
        member.read_to_end(&mut content)?;
        members.push(json!({
            "path": to_hex(&member.path_bytes()),
            "flag": to_hex(&[member.header().entry_type().as_byte()]),
            "content": to_hex(&content),
        }));
    }
    Ok(json!({"members": members}))
}

/// The files on the disk after an archive was unpacked into an empty folder as by cargo: path below
/// `root` and content of each, in hexadecimal.
fn unpacked(archive: &[u8], root: &str, folder: &Path) -> Answer {
    fs::create_dir_all(folder.join(root))?;
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        if !path.starts_with(root) {
            return Err(format!("{} is not below {root}", path.display()).into());
        }
        entry.unpack_in(folder)?;
    }
    let mut files = Vec::new();
    list(&folder.join(root), "", &mut files)?;
    Ok(json!({"files": files}))
}

/// Adds the files of a folder and its folders, which are not behind links.
fn list(folder: &Path, prefix: &str, files: &mut Vec<Value>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            let content = fs::read(entry.path())?;
            files.push(json!({"path": to_hex(path.as_bytes()), "content": to_hex(&content)}));
        }
    }
    Ok(())
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).expect("hexadecimal") as u8;
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}
