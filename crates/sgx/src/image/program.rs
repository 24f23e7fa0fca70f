//! The program of an image: the memory that an ELF executable asks for, page by page as the kernel maps it.
//!
//! The kernel shall find nothing in the file that was not measured. It maps whole pages of the file, so whole pages are
//! measured; and it reads the headers, so these have to lie in a segment.

use std::borrow::Cow;

use object::LittleEndian;
use object::elf::{
    DT_NEEDED, ELFDATA2LSB, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PF_R, PF_W, PF_X, PT_GNU_STACK, PT_INTERP,
    PT_LOAD, ProgramFlags, ProgramHeader64,
};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use problem::Problem;

use super::measurement::{PAGE, PAGE_BYTES, Permissions};

/// Bytes of the longest executable.
pub const MAX_EXECUTABLE: usize = 256 << 20;
/// Bytes of memory that the segments of an executable may take together.
pub const MAX_SEGMENTS: u64 = 1 << 30;
/// The most program headers: those that the kernel reads, 64 KiB.
const MAX_HEADERS: usize = (64 << 10) / size_of::<Header>();

/// Why an executable is not taken into an image. Segments are numbered from 0, among those that are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// It is longer than [`MAX_EXECUTABLE`].
    #[error("executable has {0} bytes and may have {MAX_EXECUTABLE}")]
    TooLong(usize),
    /// It is something else.
    #[error("file is no ELF file of 64 bits")]
    NotElf,
    /// It is for another processor.
    #[error("executable is not for x86-64")]
    OtherMachine,
    /// It is an object file or a memory dump.
    #[error("ELF file is no executable")]
    NotExecutable,
    /// Its program headers lie outside the file.
    #[error("program headers lie outside the file")]
    Malformed,
    /// It has more program headers than the kernel reads.
    #[error("executable has {0} program headers")]
    TooManyHeaders(usize),
    /// A loader and libraries would run in it that nobody measured.
    #[error("executable is linked dynamically")]
    Dynamic,
    /// What is on its stack could be run.
    #[error("executable asks for a stack that can be run")]
    ExecutableStack,
    /// A segment lies in another place of its page in the file than in memory.
    #[error("segment {0} is misaligned")]
    Misaligned(usize),
    /// A segment has more bytes in the file than in memory.
    #[error("segment {0} has more bytes in the file than in memory")]
    LongerInFile(usize),
    /// A segment lies outside the file.
    #[error("segment {0} lies outside the file")]
    OutsideFile(usize),
    /// A segment ends behind the end of memory, or is larger than all may be together.
    #[error("segments up to number {0} take more than {MAX_SEGMENTS} bytes")]
    TooLarge(usize),
    /// A segment shares a page with the one before it, or lies in front of it.
    #[error("segment {0} does not begin behind the last page of the one before it")]
    Overlapping(usize),
    /// The kernel does not put zeros there.
    #[error("segment {0} ends with zeros and cannot be written to")]
    ReadOnlyZeros(usize),
    /// The kernel would go by headers that were not measured.
    #[error("first segment does not hold the headers of the file")]
    HeadersNotLoaded,
    /// It begins nowhere.
    #[error("entry point lies in no segment that can be run")]
    EntryOutside,
}

impl Problem for ProgramError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TooLong(_) => "program_too_long",
            Self::NotElf => "program_not_elf",
            Self::OtherMachine => "program_other_machine",
            Self::NotExecutable => "program_not_executable",
            Self::Malformed => "program_malformed",
            Self::TooManyHeaders(_) => "program_too_many_headers",
            Self::Dynamic => "program_dynamic",
            Self::ExecutableStack => "program_executable_stack",
            Self::Misaligned(_) => "program_segment_misaligned",
            Self::LongerInFile(_) => "program_segment_longer_in_file",
            Self::OutsideFile(_) => "program_segment_outside_file",
            Self::TooLarge(_) => "program_segments_too_large",
            Self::Overlapping(_) => "program_segments_overlapping",
            Self::ReadOnlyZeros(_) => "program_read_only_zeros",
            Self::HeadersNotLoaded => "program_headers_not_loaded",
            Self::EntryOutside => "program_entry_outside",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::TooLong(_) => "leave debugging information out of it: `strip`, or `-C strip=debuginfo`",
            Self::NotElf | Self::OtherMachine | Self::NotExecutable => {
                "name a program for Linux on x86-64 as the linker writes it"
            }
            Self::Dynamic => {
                "link it statically, so that all that runs is measured: \
                 `cargo rustc --release --bin NAME -- -C target-feature=+crt-static`, or `cc -static-pie`"
            }
            Self::ExecutableStack => "link it with `-z noexecstack`",
            Self::TooLarge(_) => "make large memory part of the heap",
            Self::HeadersNotLoaded => {
                "link it with the linker's own layout, which puts the headers in the first segment"
            }
            Self::Malformed
            | Self::TooManyHeaders(_)
            | Self::Misaligned(_)
            | Self::LongerInFile(_)
            | Self::OutsideFile(_)
            | Self::Overlapping(_)
            | Self::ReadOnlyZeros(_)
            | Self::EntryOutside => "the file is damaged, or no linker made it: build it again",
        })
    }
}

/// A static executable.
#[derive(Debug)]
pub struct Program<'a> {
    pub(super) segments: Vec<Segment<'a>>,
    /// Where it begins, from the first page of the first segment.
    pub(super) entry: u64,
}

/// A segment in whole pages.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    /// Where its first page lies, from that of the first segment.
    pub(super) offset: u64,
    pub(super) pages: u64,
    pub(super) permissions: Permissions,
    /// What is in them; zeros follow.
    pub(super) contents: &'a [u8],
}

impl Segment<'_> {
    /// The page of that number.
    pub(super) fn page(&self, number: u64) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        let skipped = number.saturating_mul(PAGE_BYTES).try_into().unwrap_or(usize::MAX);
        let contents = self.contents.get(skipped..).unwrap_or_default();
        page.iter_mut().zip(contents).for_each(|(place, byte)| *place = *byte);
        page
    }

    /// Where the page behind it lies.
    pub(super) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.pages.saturating_mul(PAGE_BYTES))
    }
}

type Header = ProgramHeader64<LittleEndian>;
const LE: LittleEndian = LittleEndian;

impl<'a> Program<'a> {
    /// Reads an executable:
    ///
    /// 1. it is an ELF executable for x86-64;
    /// 2. it is static, and its stack cannot be run;
    /// 3. each segment lies in the file and in memory as the kernel maps it, behind the one before;
    /// 4. the first one holds the headers that the kernel reads;
    /// 5. it begins in a segment that can be run.
    ///
    /// # Errors
    /// [`ProgramError`], for the first that fails.
    pub fn read(file: &'a [u8]) -> Result<Self, ProgramError> {
        let (header, headers) = headers(file)?;
        check_static(headers, file)?;
        let is_empty = |header: &Header| header.p_filesz(LE) == 0 && header.p_memsz(LE) == 0;
        let loaded = || headers.iter().filter(|header| header.p_type(LE) == PT_LOAD && !is_empty(header));
        let base = loaded().next().map_or(0, |first| floor(first.p_vaddr(LE)));
        let mut segments: Vec<Segment<'a>> = Vec::new();
        let mut total = 0_u64;
        for (number, load) in loaded().enumerate() {
            let segment = segment(file, load, base, number)?;
            if segments.last().is_some_and(|before| segment.offset < before.end()) {
                return Err(ProgramError::Overlapping(number));
            }
            total = total.saturating_add(segment.pages.saturating_mul(PAGE_BYTES));
            if total > MAX_SEGMENTS {
                return Err(ProgramError::TooLarge(number));
            }
            segments.push(segment);
        }
        check_headers_loaded(header, headers, loaded().next())?;
        let entry = entry(header, base, &segments)?;
        Ok(Self { segments, entry })
    }
}

/// Step 1.
fn headers(file: &[u8]) -> Result<(&FileHeader64<LittleEndian>, &[Header]), ProgramError> {
    if file.len() > MAX_EXECUTABLE {
        return Err(ProgramError::TooLong(file.len()));
    }
    let header = FileHeader64::<LittleEndian>::parse(file).map_err(|_| ProgramError::NotElf)?;
    if header.e_ident.data != ELFDATA2LSB {
        return Err(ProgramError::OtherMachine);
    }
    if header.e_machine(LE) != EM_X86_64 {
        return Err(ProgramError::OtherMachine);
    }
    if ![ET_EXEC, ET_DYN].contains(&header.e_type(LE)) {
        return Err(ProgramError::NotExecutable);
    }
    // As the kernel counts them, which knows nothing of the extended numbering that the library would follow.
    let count = usize::from(header.e_phnum(LE));
    if count > MAX_HEADERS {
        return Err(ProgramError::TooManyHeaders(count));
    }
    let headers = header.program_headers(LE, file).map_err(|_| ProgramError::Malformed)?;
    Ok((header, headers))
}

/// Step 2.
fn check_static(headers: &[Header], file: &[u8]) -> Result<(), ProgramError> {
    for header in headers {
        if header.p_type(LE) == PT_INTERP {
            return Err(ProgramError::Dynamic);
        }
        let dynamic = header.dynamic(LE, file).map_err(|_| ProgramError::Malformed)?.unwrap_or_default();
        if dynamic.iter().any(|entry| entry.tag(LE) == DT_NEEDED) {
            return Err(ProgramError::Dynamic);
        }
    }
    // Without a header the kernel lets the stack be run; of several it goes by the last.
    let mut stacks = headers.iter().filter(|header| header.p_type(LE) == PT_GNU_STACK).peekable();
    let is_said = stacks.peek().is_some();
    if is_said && !stacks.any(|stack| stack.p_flags(LE).contains(PF_X)) {
        Ok(())
    } else {
        Err(ProgramError::ExecutableStack)
    }
}

/// Step 3, for one segment alone.
fn segment<'a>(file: &'a [u8], load: &Header, base: u64, number: usize) -> Result<Segment<'a>, ProgramError> {
    let (offset, address) = (load.p_offset(LE), load.p_vaddr(LE));
    let (in_file, in_memory) = (load.p_filesz(LE), load.p_memsz(LE));
    let permissions = permissions(load.p_flags(LE));
    if offset % PAGE_BYTES != address % PAGE_BYTES {
        return Err(ProgramError::Misaligned(number));
    }
    if in_file > in_memory {
        return Err(ProgramError::LongerInFile(number));
    }
    if in_file < in_memory && !permissions.write {
        return Err(ProgramError::ReadOnlyZeros(number));
    }
    let contents = contents(file, offset, in_file, in_memory).ok_or(ProgramError::OutsideFile(number))?;
    let end = address.checked_add(in_memory).and_then(|end| end.checked_next_multiple_of(PAGE_BYTES));
    let end = end.ok_or(ProgramError::TooLarge(number))?;
    let first = floor(address);
    // In front of the first one there is no place either.
    let offset = first.checked_sub(base).ok_or(ProgramError::Overlapping(number))?;
    Ok(Segment { offset, pages: end.saturating_sub(first) / PAGE_BYTES, permissions, contents })
}

/// What the kernel maps of the file: whole pages, unless zeros follow in the last one.
fn contents(file: &[u8], offset: u64, in_file: u64, in_memory: u64) -> Option<&[u8]> {
    if in_file == 0 {
        return Some(&[]);
    }
    let end = offset.checked_add(in_file)?;
    let length = file.len() as u64;
    if end > length {
        return None;
    }
    let last = if in_file < in_memory { end } else { end.checked_next_multiple_of(PAGE_BYTES)?.min(length) };
    file.get(usize::try_from(floor(offset)).ok()?..usize::try_from(last).ok()?)
}

fn permissions(flags: ProgramFlags) -> Permissions {
    let has = |flag: ProgramFlags| flags.contains(flag);
    Permissions { read: has(PF_R), write: has(PF_W), execute: has(PF_X) }
}

/// Step 4.
fn check_headers_loaded(
    header: &FileHeader64<LittleEndian>,
    headers: &[Header],
    first: Option<&Header>,
) -> Result<(), ProgramError> {
    let first = first.ok_or(ProgramError::HeadersNotLoaded)?;
    let end = header.e_phoff(LE).checked_add(size_of_val(headers) as u64);
    let end = end.map(|end| end.max(size_of_val(header) as u64));
    let loaded = first.p_offset(LE).checked_add(first.p_filesz(LE));
    let is_loaded = floor(first.p_offset(LE)) == 0 && end.zip(loaded).is_some_and(|(end, loaded)| end <= loaded);
    if is_loaded { Ok(()) } else { Err(ProgramError::HeadersNotLoaded) }
}

/// Step 5.
fn entry(header: &FileHeader64<LittleEndian>, base: u64, segments: &[Segment<'_>]) -> Result<u64, ProgramError> {
    let entry = header.e_entry(LE).checked_sub(base).ok_or(ProgramError::EntryOutside)?;
    let holds = |segment: &Segment<'_>| segment.permissions.execute && (segment.offset..segment.end()).contains(&entry);
    if segments.iter().any(holds) { Ok(entry) } else { Err(ProgramError::EntryOutside) }
}

const fn floor(address: u64) -> u64 {
    address & !(PAGE_BYTES - 1)
}
