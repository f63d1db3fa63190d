/** Media types by the ends of file names: what web sites are made of, as IANA has registered it. */
const TYPES: Record<string, string> = {
  ...{ html: "text/html", htm: "text/html", css: "text/css", js: "text/javascript", mjs: "text/javascript" },
  ...{ txt: "text/plain", md: "text/markdown", csv: "text/csv", ics: "text/calendar", vtt: "text/vtt" },
  ...{ json: "application/json", map: "application/json", jsonld: "application/ld+json" },
  ...{ webmanifest: "application/manifest+json", geojson: "application/geo+json" },
  ...{ xml: "application/xml", xhtml: "application/xhtml+xml", rss: "application/rss+xml" },
  ...{
    atom: "application/atom+xml",
    wasm: "application/wasm",
    pdf: "application/pdf",
    rtf: "application/rtf",
  },
  ...{ zip: "application/zip", gz: "application/gzip", tar: "application/x-tar", zst: "application/zstd" },
  ...{ svg: "image/svg+xml", png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif" },
  ...{ webp: "image/webp", avif: "image/avif", ico: "image/x-icon", bmp: "image/bmp", tiff: "image/tiff" },
  ...{ woff: "font/woff", woff2: "font/woff2", ttf: "font/ttf", otf: "font/otf" },
  ...{ mp3: "audio/mpeg", m4a: "audio/mp4", ogg: "audio/ogg", opus: "audio/ogg", wav: "audio/wav" },
  ...{ flac: "audio/flac", mp4: "video/mp4", webm: "video/webm", mov: "video/quicktime", ogv: "video/ogg" },
};

/** Without one that is known, bytes are only that. */
const UNKNOWN = "application/octet-stream";

/** The value of Content-Type. Text is UTF-8: whoever wrote it otherwise says so by `more`. */
export function mediaTypeOf(name: string, more: Readonly<Record<string, string>>): string {
  const dot = name.lastIndexOf(".");
  const end = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  if (Object.hasOwn(more, end)) return more[end]!;
  const type = Object.hasOwn(TYPES, end) ? TYPES[end]! : UNKNOWN;
  return type.startsWith("text/") ? `${type};charset=utf-8` : type;
}
