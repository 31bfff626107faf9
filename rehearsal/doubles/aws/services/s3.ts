import { items, type Props, pairs, pascal, props, type Row, service, type Table, text } from "../table";

const s3 = service("s3");

/** Hosted zones of S3's website endpoints: https://docs.aws.amazon.com/general/latest/gr/s3.html */
const ZONES: { readonly [region: string]: string } = {
  "us-east-1": "Z3AQBSTGFYJSTF",
  "us-east-2": "Z2O1EMRO9K5GLX",
  "us-west-2": "Z3BJ6K6RIION7M",
  "eu-west-1": "Z1BKCTXD74EZPE",
  "eu-central-1": "Z21DNDUVLTQW6Q",
};

/** S3 spells these members with capitals of their own. */
const NAMES = {
  id: "ID",
  sseAlgorithm: "SSEAlgorithm",
  kmsMasterKeyId: "KMSMasterKeyID",
  mfaDelete: "MFADelete",
};

const bucket: Row = {
  autoname: { field: "bucket", prefix: "bucketPrefix", max: 63, lower: true },
  defaults: { forceDestroy: false },
  replaces: ["bucket", "bucketPrefix", "objectLockEnabled"],
  local: ["forceDestroy"],
  tags: {
    set: (id, state, tags) =>
      s3("PutBucketTagging", { Bucket: id, Tagging: { TagSet: pairs({ ...props(state.tags), ...tags }) } }),
    // S3 knows only the whole set: it is written again with what stays.
    unset: (id, state, keys) =>
      s3("PutBucketTagging", {
        Bucket: id,
        Tagging: {
          TagSet: pairs(Object.fromEntries(Object.entries(props(state.tags)).filter(([key]) => !keys.includes(key)))),
        },
      }),
  },
  create: (i, where) =>
    s3("CreateBucket", {
      Bucket: i.bucket,
      ObjectLockEnabledForBucket: i.objectLockEnabled,
      // us-east-1 is the one region that must not be named.
      CreateBucketConfiguration: where.region === "us-east-1" ? undefined : { LocationConstraint: where.region },
    }),
  id: (_answer, i) => text(i, "bucket"),
  finish: (id, i) => (i.tags ? [s3("PutBucketTagging", { Bucket: id, Tagging: { TagSet: pairs(i.tags) } })] : []),
  outs: (id, _i, _answers, where) => ({
    arn: `arn:${where.partition}:s3:::${id}`,
    bucketDomainName: `${id}.s3.amazonaws.com`,
    bucketRegionalDomainName: `${id}.s3.${where.region}.amazonaws.com`,
    bucketRegion: where.region,
    hostedZoneId: ZONES[where.region] ?? "",
  }),
  exists: (id) => s3("HeadBucket", { Bucket: id }),
  sweep: {
    when: "forceDestroy",
    list: (id) => s3("ListObjectVersions", { Bucket: id }),
    each: (answer, id) =>
      [...items(answer.Versions), ...items(answer.DeleteMarkers)].map((object) =>
        s3("DeleteObject", { Bucket: id, Key: object.Key, VersionId: object.VersionId }),
      ),
  },
  remove: (id) => [s3("DeleteBucket", { Bucket: id })],
};

/** A setting of a bucket is put, put again and deleted; its id is the bucket's. */
function setting(verbs: Verbs, params: (inputs: Props) => Props, inputs: readonly string[]): Row {
  const put = (i: Props) => s3(verbs.put, { Bucket: i.bucket, ...params(i) });
  return {
    replaces: ["bucket"],
    updates: Object.fromEntries(inputs.map((input) => [input, ({ now }: { now: Props }) => [put(now)]])),
    local: verbs.local,
    create: put,
    id: (_answer, i) => text(i, "bucket"),
    exists: (id) => s3(verbs.get, { Bucket: id }),
    remove: (id) => (verbs.remove ? [s3(verbs.remove, { Bucket: id })] : []),
  };
}

interface Verbs {
  readonly put: string;
  readonly get: string;
  /** Missing where S3 cannot take the setting away. */
  readonly remove?: string;
  readonly local?: readonly string[];
}

const SHUT = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"] as const;

function publicAccess(inputs: Props): Props {
  const set = SHUT.map((input) => [input, inputs[input] ?? false] as const);
  return { PublicAccessBlockConfiguration: pascal(Object.fromEntries(set)) };
}

function encryption(inputs: Props): Props {
  const rules = items(inputs.rules).map((rule) => ({
    ApplyServerSideEncryptionByDefault: pascal(rule.applyServerSideEncryptionByDefault, NAMES),
    BucketKeyEnabled: rule.bucketKeyEnabled,
  }));
  return { ServerSideEncryptionConfiguration: { Rules: rules } };
}

/** A rule of old age: AWS wants a filter, and an empty one for "everything". */
function lifecycle(inputs: Props): Props {
  const rules = items(inputs.rules).map((rule) => {
    const { filter, ...rest } = rule;
    return { ...props(pascal(rest, NAMES)), Filter: pascal(filter ?? { prefix: "" }) };
  });
  return { LifecycleConfiguration: { Rules: rules } };
}

export const buckets: Table = {
  "aws:s3/bucket:Bucket": bucket,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": setting(
    {
      put: "PutPublicAccessBlock",
      get: "GetPublicAccessBlock",
      remove: "DeletePublicAccessBlock",
      local: ["skipDestroy"],
    },
    publicAccess,
    SHUT,
  ),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": setting(
    { put: "PutBucketEncryption", get: "GetBucketEncryption", remove: "DeleteBucketEncryption" },
    encryption,
    ["rules"],
  ),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": setting(
    {
      put: "PutBucketOwnershipControls",
      get: "GetBucketOwnershipControls",
      remove: "DeleteBucketOwnershipControls",
    },
    (i) => ({ OwnershipControls: { Rules: [pascal(i.rule)] } }),
    ["rule"],
  ),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": setting(
    {
      put: "PutBucketLifecycleConfiguration",
      get: "GetBucketLifecycleConfiguration",
      remove: "DeleteBucketLifecycle",
    },
    lifecycle,
    ["rules"],
  ),
  "aws:s3/bucketPolicy:BucketPolicy": setting(
    { put: "PutBucketPolicy", get: "GetBucketPolicy", remove: "DeleteBucketPolicy" },
    (i) => ({ Policy: i.policy }),
    ["policy"],
  ),
  "aws:s3/bucketVersioning:BucketVersioning": setting(
    { put: "PutBucketVersioning", get: "GetBucketVersioning" },
    (i) => ({ VersioningConfiguration: pascal(i.versioningConfiguration, NAMES) }),
    ["versioningConfiguration"],
  ),
};
