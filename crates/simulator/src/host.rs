//! A machine that enclaves run on: the platform process.
//!
//! It holds the processor, measures programs as it loads them, and starts each as a child. A child has no keys: it asks for reports
//! and keys over a channel of its own, and which enclave it is was settled when it was loaded.
//!
//! What keeps enclaves apart is that: the channel, and the kernel between processes. A simulated enclave hides nothing from
//! whoever may read the memory of its process.

mod epc;
mod error;
mod process;
mod program_file;
mod session;

use std::io;
use std::sync::Arc;

use abi::sgx::{Attributes, SigStruct};
use sgx::image::{Image, ImageError, MAX_EXECUTABLE, Manifest, ProgramError};
use sgx::{Identity, Secs, check_signed};

use crate::cpu::Cpu;
use epc::Epc;
use error::system;
use program_file::ProgramFile;

pub use error::LoadError;
pub use process::{Enclave, Loading};

/// A machine that enclaves run on. Enclaves that were loaded run on when it is dropped.
#[derive(Debug)]
pub struct Host {
    cpu: Arc<Cpu>,
    epc: Arc<Epc>,
}

impl Host {
    /// A machine with that processor and so many pages of protected memory.
    ///
    /// From then on no other process of the same user can read the memory of this one, which holds the keys of the device: it
    /// leaves no core dumps, and debuggers cannot attach to it. Against the administrator nothing helps.
    ///
    /// # Errors
    /// Where the system does not shut the memory.
    pub fn new(cpu: Cpu, epc_pages: u64) -> io::Result<Self> {
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
        Ok(Self { cpu: Arc::new(cpu), epc: Arc::new(Epc::new(epc_pages)) })
    }

    /// Pages of protected memory that are free.
    pub fn free_epc_pages(&self) -> u64 {
        self.epc.free()
    }

    /// Loads an enclave and starts it:
    ///
    /// 1. the program is put into memory that nobody can change any more; from there it is measured, and from there it runs;
    /// 2. there is protected memory for it;
    /// 3. its signer signed this program and this manifest.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(
        &self,
        executable: &[u8],
        manifest: &Manifest,
        signed: &SigStruct,
        loading: Loading,
    ) -> Result<Enclave, LoadError> {
        if executable.len() > MAX_EXECUTABLE {
            return Err(ImageError::Program(ProgramError::TooLong(executable.len())).into());
        }
        let file = ProgramFile::seal(executable).map_err(system("put the program into sealed memory"))?;
        let contents = file.read().map_err(system("read the program from sealed memory"))?;
        let image = Image::read(&contents, manifest)?;
        if !manifest.attributes().is_kss() && (loading.config_id != [0; 64] || loading.config_svn != 0) {
            return Err(LoadError::ConfigWithoutKss);
        }
        let pages = self.epc.take(image.epc_pages())?;
        let identity = check_signed(&image, manifest, signed)?;
        process::start(&file, secs(identity, manifest, signed, &loading), loading, Arc::clone(&self.cpu), pages)
    }
}

/// What the processor knows of the enclave from now on.
fn secs(identity: Identity, manifest: &Manifest, signed: &SigStruct, loading: &Loading) -> Secs {
    let attributes = manifest.attributes();
    let flags = attributes.flags.get() | Attributes::INIT;
    Secs {
        mr_enclave: identity.mr_enclave,
        mr_signer: identity.mr_signer,
        attributes: Attributes { flags: flags.into(), ..attributes },
        misc_select: manifest.misc_select(),
        isv_prod_id: signed.isv_prod_id.get(),
        isv_svn: signed.isv_svn.get(),
        config_id: loading.config_id,
        config_svn: loading.config_svn,
        isv_family_id: signed.isv_family_id,
        isv_ext_prod_id: signed.isv_ext_prod_id,
    }
}
