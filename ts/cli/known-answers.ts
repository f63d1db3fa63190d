/** What the standards print, and whether the core computes it: for `nanort info`. */
import type { Runtime } from "../index.ts";

export interface Check {
  name: string;
  /** Where its known answer is printed. */
  source: string;
  passes(nano: Runtime): boolean | Promise<boolean>;
}

/** FIPS 180-4's example message is "abc"; the digests are from NIST's file of example values. */
const DIGESTS_OF_ABC: Record<string, string> = {
  "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
  "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  "SHA-384":
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  "SHA-512":
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

/** RFC 4231, test case 2. */
const MACS_OF_JEFE: Record<string, string> = {
  "SHA-256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  "SHA-384":
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
  "SHA-512":
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
};

/** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: a key of 256 bits, additional data, 60 bytes. */
const SEALED = {
  key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
  iv: "cafebabefacedbaddecaf888",
  additionalData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
  plaintext:
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  ciphertextAndTag:
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
};

/** RFC 6979, appendices A.2.5 to A.2.7: keys, and their signatures of "sample" with SHA-256. */
const SIGNATURES_OF_SAMPLE = {
  "P-256": {
    d: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    x: "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    y: "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    signature:
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65" +
      "f3e900dbb9aff4064dc4ab2f843acda8",
  },
  "P-384": {
    d: "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
    x: "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
    y: "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
    signature:
      "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd" +
      "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
  },
  "P-521": {
    d:
      "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc" +
      "1466f6d8fbec67db89ec0c08b0e996b83538",
    x:
      "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633" +
      "155d38ffa16d2bd761dcac474b9a2f5023a4",
    y:
      "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f" +
      "924faafbd4d33f81ea66956dfeaa2bfdfcf5",
    signature:
      "01511bb4d675114fe266fc4372b87682baecc01d3cc62cf2303c92b3526012659d16876e25c7c1e57648f23b73564d67" +
      "f61c6f14d527d54972810421e7d87589e1a7004a171143a83163d6df460aaf61522695f207a58b95c0644d87e52aa1a3" +
      "47916e4f7a72930b1bc06dbe22ce3f58264afd23704cbb63b29b931f7de6c9d949a7ecfc",
  },
};

/** RFC 8032, section 7.1, test 3, and section 7.4, 1 octet; RFC 7748, section 6: Alice's keys, Bob's public ones. */
const SIGNATURES_ON_EDWARDS = {
  Ed25519: {
    d: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    x: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
  Ed448: {
    d:
      "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a" +
      "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
    x:
      "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c086" +
      "6aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
    message: "03",
    signature:
      "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f435" +
      "2541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb" +
      "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f" +
      "f3348ab21aa4adafd1d234441cf807c03a00",
  },
};
const SECRETS_ON_MONTGOMERY = {
  X25519: {
    d: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    x: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    other: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    secret: "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
  },
  X448: {
    d:
      "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf5" +
      "74a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
    x:
      "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bb" +
      "c836647241d953d40c5b12da88120d53177f80e532c41fa0",
    other:
      "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972" +
      "fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
    secret:
      "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56" +
      "fd2464c335543936521c24403085d59a449a5037514a879d",
  },
};

/** RSA Laboratories, pss-vect.txt, example 1.1: a key of 1024 bits, its exponent 65537; SHA-1, a salt of 20 bytes. */
const PSS_EXAMPLE = {
  n:
    "a56e4a0e701017589a5187dc7ea841d156f2ec0e36ad52a44dfeb1e61f7ad991d8c51056ffedb162b4c0f283a12a88a3" +
    "94dff526ab7291cbb307ceabfce0b1dfd5cd9508096d5b2b8b6df5d671ef6377c0921cb23c270a70e2598e6ff89d19f1" +
    "05acc2d3f0cb35f29280e1386b6f64c4ef22e1e1f20d0ce8cffb2249bd9a2137",
  message:
    "cdc87da223d786df3b45e0bbbc721326d1ee2af806cc315475cc6f0d9c66e1b62371d45ce2392e1ac92844c310102f15" +
    "6a0d8d52c1f4c40ba3aa65095786cb769757a6563ba958fed0bcc984e8b517a3d5f515b23b8a41e74aa867693f90dfb0" +
    "61a6e86dfaaee64472c00e5f20945729cbebe77f06ce78e08f4098fba41f9d6193c0317e8b60d4b6084acb42d29e3808" +
    "a3bc372d85e331170fcbf7cc72d0b71c296648b3a4d10f416295d0807aa625cab2744fd9ea8fd223c42537029828bd16" +
    "be02546f130fd2e33b936d2676e08aed1b73318b750a0167d0",
  signature:
    "9074308fb598e9701b2294388e52f971faac2b60a5145af185df5287b5ed2887e57ce7fd44dc8634e407c8e0e4360bc2" +
    "26f3ec227f9d9e54638e8d31f5051215df6ebb9c2f9579aa77598a38f914b5b9c1bd83c4e2f9f382a0d0aa3542ffee65" +
    "984a601bc69eb28deb27dca12c82c2d4c3f66cd500f1ff2b994d8a4e30cbb33c",
};

/** SP 800-38A, appendices F.2.5 and F.5.5, and RFC 3394, section 4.6: keys of 256 bits. */
const BLOCKS = {
  key: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
  plaintext:
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
  cbc: {
    iv: "000102030405060708090a0b0c0d0e0f",
    ciphertext:
      "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" +
      "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
  },
  ctr: {
    counter: "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    ciphertext:
      "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5" +
      "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
  },
};
const WRAPPED = {
  key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  keyData: "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
  wrapped: "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
};

/** RFC 5869, appendix A.1, with SHA-256; RFC 6070, the third case, with SHA-1. */
const EXPANDED = {
  ikm: "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
  salt: "000102030405060708090a0b0c",
  info: "f0f1f2f3f4f5f6f7f8f9",
  okm: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
};
const KEY_OF_PASSWORD = "4b007901b765489abead49d926f721d065a429c1";

/** NIST CAVP, ECC CDH Primitive, the first of each curve: private key, its public one, another's, their secret. */
const SHARED_SECRETS = {
  "P-256": {
    d: "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
    x: "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230",
    y: "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141",
    other:
      "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20ba5c51dc" +
      "c5948d46fbf640dfe0441782cab85fa4ac",
    secret: "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
  },
  "P-384": {
    d: "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
    x: "9803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25d34fe4a97bef60cff548355c015dbb3e5f",
    y: "ba26ca69ec2f5b5d9dad20cc9da711383a9dbe34ea3fa5a2af75b46502629ad54dd8b7d73a8abb06a3a3be47d650cc99",
    other:
      "04a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c500" +
      "66ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc843" +
      "7a",
    secret:
      "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1",
  },
  "P-521": {
    d:
      "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4eac6564f6ee9974c5e6887a1fefee574" +
      "3ae2241bfeb95d5ce31ddcb6f9edb4d6fc47",
    x:
      "00602f9d0cf9e526b29e22381c203c48a886c2b0673033366314f1ffbcba240ba42f4ef38a76174635f91e6b4ed34275" +
      "eb01c8467d05ca80315bf1a7bbd945f550a5",
    y:
      "01b7c85f26f5d4b2d7355cf6b02117659943762b6d1db5ab4f1dbc44ce7b2946eb6c7de342962893fd387d1b73d7a867" +
      "2d1f236961170b7eb3579953ee5cdc88cd2d",
    other:
      "0400685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854334b1e1b87fa395464c60626124a4e" +
      "70d0f785601d37c09870ebf176666877a2046d01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b7" +
      "39884a83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f676",
    secret:
      "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e136672d72cc770742d1711c3c3a4c334a0" +
      "ad9759436a4d3c5bf6e74b9578fac148c831",
  },
};

/** Wycheproof: a key of 1024 bits, in rsa_pkcs1_1024_sig_gen and rsa_oaep_misc, with SHA-256. */
const PKCS1_EXAMPLE = {
  key: {
    n:
      "ac9048a7a4f560af91b4fcaf62a14595cb9ca9ec12000fc845e48572113cab2890adb011a919575a40760d1f23fe9250" +
      "9c8a5810b6d05990b909dd0f4c6014f2b31b6abd805bace99816e2eda41fd7b95405db7c5c8f4cf6babb14f550d5d0dd" +
      "5179b54951fff6aa9686f30f478db649b7c7044cc202dccad00343468eaacfbf",
    e: "010001",
    d:
      "0c3a6e6d339cd03010d0b4f941e4b0bdc132df8a7cb6db010d4078db2a8a87bfa871c1a0d05a1d1040188a46198c6023" +
      "533c7a108458b654e4c97e3f41615ed754fcde469aabc70669e5473903bd5fb8c4e9ae0e5c35ed41fb86167c18ee9f60" +
      "b21eee6c5e3096eb1c652831f8e45d598c3a29d30c96f3a68db30591fd9b637d",
    p:
      "d397dcfab4919db23bb6b88c4511516f6135e1118277e496130f0cab3a75661010cc98ec8f40cdb0c1ab612c03bbe3b0" +
      "23d891f46185788fb114437c8a9ae71d",
    q:
      "d0c7805159509ddad70f35b9a76c7c2bd95a844d36b76d96138cfc7a2a55f88072e8b10ac37463caf9bf8d1014c93a00" +
      "1214d7ce230c8332fb58dadb05d52f8b",
    dp:
      "762d3c4b7dac5292284dbe3701a051864e99e4117e77ede06fd698f1cd5da25a58b79cb58ab0dbf0dbca17249915486e" +
      "a9269d260b8d9b2f4dec8e60b19d2075",
    dq:
      "62a4f06eff4944dc6262905ae0cd343a2f9f42058d85cb646e665de086e249e0beea4cc42e276f03374f9721f30044c4" +
      "45c6cd545b610d186883ca1c543c2f13",
    qi:
      "3cfcf044035c1854475e1dba480ac50d2a059f32d18e819c96a3199b1e3855a653ec0e5577e4d7677d6e0b7a55fc418b" +
      "13202ee19430228c4bf9d28af8851c9b",
  },
  signatureOfTest:
    "8883676becdc27878ccdff53dda011e5e2f886e31e1e88d520bb161cd63aa001fded9f0656109c1507bd1ba5d3bb3e72" +
    "5029a236b4c3c0420a1fcfffe348c5277d6aa51bf75d9af26fdc15fc49d637b078a8b0478b5b0a9c428756d260068e5e" +
    "622f193b9f9a2c1d979e3322d7f3edc32053541c6efa2485e42e99a804f94388",
  ciphertextOfX:
    "1df27eca88872398306aea5c9b0d8514c173f3cfdc5773408b1fd33041731ac2370b8fd00587df3b73c9f84568bf1c51" +
    "4ba625358cbf741cdf765da4338c062d3951b748b6a85e867caa22e13ba976dec3e67955b8fff3cd4e1388e14534406d" +
    "b3e81236979a566fd9b311910e872084debea874f1f9d2864902ed31da6bcaa1",
};

export const KNOWN_ANSWERS: Check[] = [
  ...Object.entries(DIGESTS_OF_ABC).map(([name, digest]) => ({
    name,
    source: "FIPS 180-4",
    passes: (nano: Runtime) => hex(nano.subtleSync.digest(name, bytes("abc"))) === digest,
  })),
  ...Object.entries(MACS_OF_JEFE).map(([hash, mac]) => ({
    name: `HMAC ${hash}`,
    source: "RFC 4231, case 2",
    passes: (nano: Runtime) => {
      const { subtleSync } = nano;
      const key = subtleSync.importKey("raw", bytes("Jefe"), { name: "HMAC", hash }, false, ["sign"]);
      return hex(subtleSync.sign("HMAC", key, bytes("what do ya want for nothing?"))) === mac;
    },
  })),
  {
    name: "AES-GCM",
    source: "McGrew and Viega, appendix B, case 16",
    passes: ({ subtleSync }) => {
      const { key, iv, additionalData, plaintext, ciphertextAndTag } = SEALED;
      const usages = ["encrypt", "decrypt"] as const;
      const slot = subtleSync.importKey("raw", unhex(key), "AES-GCM", false, [...usages]);
      const algorithm = { name: "AES-GCM", iv: unhex(iv), additionalData: unhex(additionalData) };
      const sealed = subtleSync.encrypt(algorithm, slot, unhex(plaintext));
      return (
        hex(sealed) === ciphertextAndTag && hex(subtleSync.decrypt(algorithm, slot, sealed)) === plaintext
      );
    },
  },
  {
    name: "AES-CBC",
    source: "SP 800-38A, F.2.5",
    passes: ({ subtleSync }) => {
      const { key, plaintext, cbc } = BLOCKS;
      const slot = subtleSync.importKey("raw", unhex(key), "AES-CBC", false, ["encrypt", "decrypt"]);
      const algorithm = { name: "AES-CBC", iv: unhex(cbc.iv) };
      const padded = subtleSync.encrypt(algorithm, slot, unhex(plaintext)); // By a block more.
      return (
        hex(padded).startsWith(cbc.ciphertext) &&
        hex(subtleSync.decrypt(algorithm, slot, padded)) === plaintext
      );
    },
  },
  {
    name: "AES-CTR",
    source: "SP 800-38A, F.5.5",
    passes: ({ subtleSync }) => {
      const { key, plaintext, ctr } = BLOCKS;
      const slot = subtleSync.importKey("raw", unhex(key), "AES-CTR", false, ["encrypt"]);
      const algorithm = { name: "AES-CTR", counter: unhex(ctr.counter), length: 128 };
      return hex(subtleSync.encrypt(algorithm, slot, unhex(plaintext))) === ctr.ciphertext;
    },
  },
  {
    name: "AES-KW",
    source: "RFC 3394, section 4.6",
    passes: ({ subtleSync }) => {
      const { key, keyData, wrapped } = WRAPPED;
      const wrapping = subtleSync.importKey("raw", unhex(key), "AES-KW", false, ["wrapKey", "unwrapKey"]);
      const target = [{ name: "HMAC", hash: "SHA-256" }, true, ["sign"] as KeyUsage[]] as const;
      const unwrapped = subtleSync.unwrapKey("raw", unhex(wrapped), wrapping, "AES-KW", ...target);
      return (
        hex(subtleSync.exportKey("raw", unwrapped)) === keyData &&
        hex(subtleSync.wrapKey("raw", unwrapped, wrapping, "AES-KW")) === wrapped
      );
    },
  },
  {
    name: "HKDF",
    source: "RFC 5869, A.1",
    passes: ({ subtleSync }) => {
      const { ikm, salt, info, okm } = EXPANDED;
      const key = subtleSync.importKey("raw", unhex(ikm), "HKDF", false, ["deriveBits"]);
      const algorithm = { name: "HKDF", hash: "SHA-256", salt: unhex(salt), info: unhex(info) };
      return hex(subtleSync.deriveBits(algorithm, key, 4 * okm.length)) === okm;
    },
  },
  {
    name: "PBKDF2",
    source: "RFC 6070, case 3",
    passes: async ({ crypto: { subtle } }) => {
      const key = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits"]);
      const algorithm = { name: "PBKDF2", hash: "SHA-1", salt: bytes("salt"), iterations: 4096 };
      return hex(await subtle.deriveBits(algorithm, key, 160)) === KEY_OF_PASSWORD;
    },
  },
  ...Object.entries(SIGNATURES_OF_SAMPLE).map(([namedCurve, { d, x, y, signature }]) => ({
    name: `ECDSA ${namedCurve}`,
    source: "RFC 6979, appendix A.2",
    passes: ({ subtleSync }: Runtime) => {
      const curve = { name: "ECDSA", namedCurve };
      const publicJwk = { kty: "EC", crv: namedCurve, x: base64url(x), y: base64url(y) };
      const publicKey = subtleSync.importKey("jwk", publicJwk, curve, false, ["verify"]);
      // Which is checked to be the private key of that public one.
      const privateJwk = { ...publicJwk, d: base64url(d) };
      const privateKey = subtleSync.importKey("jwk", privateJwk, curve, false, ["sign"]);
      const ecdsa = { name: "ECDSA", hash: "SHA-256" };
      const verifies = (given: BufferSource, text: string) =>
        subtleSync.verify(ecdsa, publicKey, given, bytes(text));
      const ours = subtleSync.sign(ecdsa, privateKey, bytes("sample"));
      return verifies(unhex(signature), "sample") && verifies(ours, "sample") && !verifies(ours, "simple");
    },
  })),
  ...Object.entries(SHARED_SECRETS).map(([namedCurve, { d, x, y, other, secret }]) => ({
    name: `ECDH ${namedCurve}`,
    source: "NIST CAVP, ECC CDH Primitive",
    passes: ({ subtleSync }: Runtime) => {
      const curve = { name: "ECDH", namedCurve };
      const jwk = { kty: "EC", crv: namedCurve, x: base64url(x), y: base64url(y), d: base64url(d) };
      const key = subtleSync.importKey("jwk", jwk, curve, false, ["deriveBits"]);
      const publicKey = subtleSync.importKey("raw", unhex(other), curve, false, []);
      return hex(subtleSync.deriveBits({ name: "ECDH", public: publicKey }, key)) === secret;
    },
  })),
  ...Object.entries(SIGNATURES_ON_EDWARDS).map(([name, { d, x, message, signature }]) => ({
    name,
    source: "RFC 8032, section 7",
    passes: ({ subtleSync }: Runtime) => {
      const jwk = { kty: "OKP", crv: name, x: base64url(x) };
      const privateKey = subtleSync.importKey("jwk", { ...jwk, d: base64url(d) }, name, false, ["sign"]);
      const publicKey = subtleSync.importKey("jwk", jwk, name, false, ["verify"]);
      const verifies = (text: string) => subtleSync.verify(name, publicKey, unhex(signature), unhex(text));
      const ours = subtleSync.sign(name, privateKey, unhex(message));
      return hex(ours) === signature && verifies(message) && !verifies(`${message}00`);
    },
  })),
  ...Object.entries(SECRETS_ON_MONTGOMERY).map(([name, { d, x, other, secret }]) => ({
    name,
    source: "RFC 7748, section 6",
    passes: ({ subtleSync }: Runtime) => {
      const jwk = { kty: "OKP", crv: name, x: base64url(x), d: base64url(d) };
      const key = subtleSync.importKey("jwk", jwk, name, false, ["deriveBits"]);
      const publicKey = subtleSync.importKey("raw", unhex(other), name, false, []);
      return hex(subtleSync.deriveBits({ name, public: publicKey }, key)) === secret;
    },
  })),
  {
    name: "RSA-PSS",
    source: "pss-vect.txt, example 1.1",
    passes: ({ subtleSync }) => {
      const { n, message, signature } = PSS_EXAMPLE;
      const jwk = { kty: "RSA", n: base64url(n), e: "AQAB" };
      const key = subtleSync.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-1" }, false, ["verify"]);
      const pss = { name: "RSA-PSS", saltLength: 20 };
      const verifies = (text: string) => subtleSync.verify(pss, key, unhex(signature), unhex(text));
      return verifies(message) && !verifies(message.slice(2));
    },
  },
  {
    name: "RSASSA-PKCS1-v1_5",
    source: "Wycheproof, rsa_pkcs1_1024_sig_gen, 19",
    passes: ({ subtleSync }) => {
      const { key, signatureOfTest } = PKCS1_EXAMPLE;
      const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
      const privateKey = subtleSync.importKey("jwk", rsaJwk(key), algorithm, false, ["sign"]);
      return hex(subtleSync.sign("RSASSA-PKCS1-v1_5", privateKey, bytes("Test"))) === signatureOfTest;
    },
  },
  {
    name: "RSA-OAEP",
    source: "Wycheproof, rsa_oaep_misc, 39",
    passes: ({ subtleSync }) => {
      const { key, ciphertextOfX } = PKCS1_EXAMPLE;
      const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
      const privateKey = subtleSync.importKey("jwk", rsaJwk(key), algorithm, false, ["decrypt"]);
      const message = subtleSync.decrypt("RSA-OAEP", privateKey, unhex(ciphertextOfX));
      return hex(message) === hex(bytes("x".repeat(62)));
    },
  },
];

/** A JSON Web Key of numbers in hexadecimal. */
function rsaJwk(numbers: Record<string, string>): JsonWebKey {
  return Object.fromEntries([
    ["kty", "RSA"],
    ...Object.entries(numbers).map(([name, n]) => [name, base64url(n)]),
  ]);
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(bytes: ArrayBuffer | Uint8Array): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function base64url(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64url");
}
