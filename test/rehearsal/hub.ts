import type { Answer, Asked } from "./servers";

/** Files of one repository, by path. */
export type Repository = Record<string, Buffer>;

/**
 * What of the Hugging Face hub's HTTP interface copy_model.py comes to, for one repository at one commit.
 * Source: huggingface_hub 1.33.0, hf_api.py and hf_file_system.py; https://huggingface.co/docs/hub/api.
 */
export function hub(name: string, revision: string, files: Repository, token?: string) {
  const entry = (path: string) => ({ type: "file", path, size: files[path]?.length, oid: "0".repeat(40) });
  return ({ path, headers, body }: Asked): Answer => {
    if (token !== undefined && headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { error: "Access to this repository is restricted" } };
    const { pathname } = new URL(path, "http://hub");
    const api = `/api/models/${name}`;
    if (pathname === api || pathname === `${api}/revision/${revision}`)
      return { status: 200, body: { id: name, sha: revision, siblings: [], tags: [] } };
    if (pathname === `${api}/tree/${revision}`) return { status: 200, body: Object.keys(files).map(entry) };
    if (pathname === `${api}/paths-info/${revision}`)
      return {
        status: 200,
        body: new URLSearchParams(body)
          .getAll("paths")
          .filter((each) => each in files)
          .map(entry),
      };
    const file = files[decodeURIComponent(pathname.replace(`/${name}/resolve/${revision}/`, ""))];
    if (file === undefined) return { status: 404, headers: { "x-error-code": "EntryNotFound" } };
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const part = file.subarray(Number(from ?? 0), to === undefined ? undefined : Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${file.length}`;
    return { status: 206, headers: { "content-range": range, etag: '"0"' }, body: part };
  };
}
