/** The frame of an entry of no page. */
export const ABSENT = -1;

/** Entries that a kernel had for pages of a process of which it is known what was done to them. */
export interface RecordedEntries {
  readonly about: string;
  /** As process.arch has it. */
  readonly arch: string;
  /** An address in the kernel's map of all memory. */
  readonly kernelAddress: bigint;
  /** The bit of PROT_NONE that an arm64 kernel has. */
  readonly protNone?: number;
  /** By what was done to the page: the entry, and the frame that /proc/PID/pagemap showed. */
  readonly entries: Readonly<Record<string, readonly [entry: bigint, frame: number]>>;
}

/**
 * Recorded in QEMU 7.2 on kernels of Debian by a program that copied its own tables through BPF.
 * The machine of Linux 6.1 on arm64 sets the bits of written pages itself. That of Linux 5.10 had
 * taken a huge page away, to see from which node it is used next: its entry is one of PROT_NONE,
 * too.
 */
export const RECORDED_ENTRIES: readonly RecordedEntries[] = [
  {
    about: "x86_64, Linux 5.10",
    arch: "x64",
    kernelAddress: 0xffff_8880_3020_c000n,
    entries: {
      "never used": [0x0000_0000_0000_0000n, ABSENT],
      "written": [0x8000_0000_3114_1865n, 0x31141],
      "page of zeros, read": [0x8000_0000_02ec_0225n, 0x2ec0],
      "written, cleared": [0x8000_0000_3112_d845n, 0x3112d],
      "written, PROT_NONE": [0x000f_ffff_cea1_d960n, 0x315e2],
      "written, PROT_READ": [0x8000_0000_315e_3865n, 0x315e3],
      "in swap": [0x07ff_ffff_ff7f_fe02n, ABSENT],
      "written, forked": [0x8000_0000_315e_4865n, 0x315e4],
      "read back from swap": [0x8000_0000_3113_5825n, 0x31135],
      "written, MADV_COLD": [0x8000_0000_3114_0845n, 0x31140],
      "private file, cleared": [0x8000_0000_3113_f005n, 0x3113f],
      "private file, read": [0x8000_0000_3114_2025n, 0x31142],
      "private file, written": [0x8000_0000_3119_c867n, 0x3119c],
      "shared file, read": [0x8000_0000_5fea_8027n, 0x5fea8],
      "shared file, written": [0x8000_0000_3109_1067n, 0x31091],
      "huge, written, cleared, forked": [0x000f_ffff_ce80_09c0n, 0x31600],
      "huge, written, PROT_NONE": [0x000f_ffff_ccc0_09e0n, 0x33200],
      "huge, written, PROT_READ": [0x8000_0000_0420_08e5n, 0x4200],
      "huge page of zeros, read": [0x8000_0000_0580_00a5n, 0x5800],
      "was huge, in swap": [0x07ff_ffff_feff_fe02n, ABSENT],
      "huge, written": [0x8000_0000_05c0_08e7n, 0x5c00],
    },
  },
  {
    about: "x86_64 with five levels, Linux 6.12",
    arch: "x64",
    kernelAddress: 0xff11_0000_3086_2000n,
    entries: {
      "never used": [0x0000_0000_0000_0000n, ABSENT],
      "written": [0x8400_0000_32f5_1825n, 0x32f51],
      "page of zeros, read": [0x8000_0000_0373_8225n, 0x3738],
      "written, cleared": [0x8400_0000_32f4_d805n, 0x32f4d],
      "written, PROT_NONE": [0x040f_ffff_cd0a_d920n, 0x32f52],
      "written, PROT_READ": [0x8400_0000_32f5_3825n, 0x32f53],
      "in swap": [0x07ff_ffff_ff7f_fe02n, ABSENT],
      "written, forked": [0x8400_0000_32f5_4825n, 0x32f54],
      "read back from swap": [0x8000_0000_32f4_f825n, 0x32f4f],
      "written, MADV_COLD": [0x8400_0000_32f5_0805n, 0x32f50],
      "private file, cleared": [0x8000_0000_32f4_5005n, 0x32f45],
      "private file, read": [0x8000_0000_32f4_6025n, 0x32f46],
      "private file, written": [0x8000_0000_32f5_9867n, 0x32f59],
      "shared file, read": [0x8000_0000_32f4_8027n, 0x32f48],
      "shared file, written": [0x8000_0000_32f4_9067n, 0x32f49],
      "huge, written, cleared, forked": [0x8400_0000_3480_0885n, 0x34800],
      "huge, written, PROT_NONE": [0x040f_ffff_cb20_09a0n, 0x34c00],
      "huge, written, PROT_READ": [0x8400_0000_34e0_08a5n, 0x34e00],
      "huge page of zeros, read": [0x8000_0000_3400_00a5n, 0x34000],
      "was huge, in swap": [0x07ff_ffff_feff_fe0an, ABSENT],
      "huge, written": [0x8000_0000_3500_08e7n, 0x35000],
    },
  },
  {
    about: "arm64, Linux 6.1",
    arch: "arm64",
    kernelAddress: 0xffff_0000_0811_1000n,
    protNone: 58,
    entries: {
      "never used": [0x0000_0000_0000_0000n, ABSENT],
      "written": [0x00e0_0000_43c3_ffc3n, 0x43c3f],
      "page of zeros, read": [0x0160_0000_4217_3fc3n, 0x42173],
      "written, cleared": [0x00e0_0000_43c3_bbc3n, 0x43c3b],
      "written, PROT_NONE": [0x04e0_0000_43c4_0f82n, 0x43c40],
      "written, PROT_READ": [0x00e0_0000_43c4_1fc3n, 0x43c41],
      "in swap": [0x0000_0000_0040_0000n, ABSENT],
      "written, forked": [0x00e0_0000_43c4_2fc3n, 0x43c42],
      "read back from swap": [0x0060_0000_43c3_dfc3n, 0x43c3d],
      "written, MADV_COLD": [0x00e0_0000_43c3_ebc3n, 0x43c3e],
      "private file, cleared": [0x0060_0000_43c3_3bc3n, 0x43c33],
      "private file, read": [0x0060_0000_43c3_4fc3n, 0x43c34],
      "private file, written": [0x00e8_0000_43c4_5f43n, 0x43c45],
      "shared file, read": [0x0068_0000_43c3_6fc3n, 0x43c36],
      "shared file, written": [0x0068_0000_43c3_7f43n, 0x43c37],
      "huge, written, cleared, forked": [0x00e0_0000_4380_0bc1n, 0x43800],
      "huge, written, PROT_NONE": [0x04e0_0000_4580_0f80n, 0x45800],
      "huge, written, PROT_READ": [0x00e0_0000_45a0_0fc1n, 0x45a00],
      "huge page of zeros, read": [0x0060_0000_4460_0fc1n, 0x44600],
      "was huge, in swap": [0x0000_0000_0002_0004n, ABSENT],
      "huge, written": [0x00e8_0000_45c0_0f41n, 0x45c00],
    },
  },
  {
    about: "arm64 with LPA2, Linux 6.12",
    arch: "arm64",
    kernelAddress: 0xfff0_0000_0397_2e80n,
    protNone: 11,
    entries: {
      "never used": [0x0000_0000_0000_0000n, ABSENT],
      "written": [0x00e0_0000_4014_6cc3n, 0x40146],
      "page of zeros, read": [0x0160_0000_42c2_ecc3n, 0x42c2e],
      "written, cleared": [0x00e0_0000_4014_28c3n, 0x40142],
      "written, PROT_NONE": [0x00e0_0000_4014_7c82n, 0x40147],
      "written, PROT_READ": [0x00e0_0000_4014_8cc3n, 0x40148],
      "in swap": [0x0000_0000_0400_0000n, ABSENT],
      "written, forked": [0x00e0_0000_4014_9cc3n, 0x40149],
      "read back from swap": [0x0060_0000_4014_4cc3n, 0x40144],
      "written, MADV_COLD": [0x00e0_0000_4014_58c3n, 0x40145],
      "private file, cleared": [0x0060_0000_4013_a8c3n, 0x4013a],
      "private file, read": [0x0060_0000_4013_bcc3n, 0x4013b],
      "private file, written": [0x00e8_0000_4014_ec43n, 0x4014e],
      "shared file, read": [0x0068_0000_4013_dcc3n, 0x4013d],
      "shared file, written": [0x0068_0000_4013_ec43n, 0x4013e],
      "huge, written, cleared, forked": [0x00e0_0000_4860_08c1n, 0x48600],
      "huge, written, PROT_NONE": [0x00e0_0000_4220_0c80n, 0x42200],
      "huge, written, PROT_READ": [0x00e0_0000_4700_0cc1n, 0x47000],
      "huge page of zeros, read": [0x0060_0000_4420_0cc1n, 0x44200],
      "was huge, in swap": [0x0000_0000_0020_0004n, ABSENT],
      "huge, written": [0x00e8_0000_4720_0c41n, 0x47200],
    },
  },
];
