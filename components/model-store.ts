import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Days after which a compile cache goes, used or not; an engine makes it anew in under a minute. */
const COMPILE_CACHE_DAYS = 60;

/**
 * The account's own bucket of weights. Pods reach it over the VPC's S3 endpoint; who may read what is decided by the role
 * of each model (`engineStorePolicy`) and of the copy job (`copyStorePolicy`).
 */
export class ModelStore extends pulumi.ComponentResource {
  readonly bucket: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:ModelStore", name, {}, opts);
    const parent = { parent: this };

    // Everything in it is a copy of a public or given source, so destroy may empty it.
    const bucket = new aws.s3.Bucket(name, { forceDestroy: true }, parent);
    const block = new aws.s3.BucketPublicAccessBlock(
      name,
      {
        bucket: bucket.id,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      parent,
    );
    new aws.s3.BucketOwnershipControls(
      name,
      { bucket: bucket.id, rule: { objectOwnership: "BucketOwnerEnforced" } },
      parent,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      { bucket: bucket.id, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
      parent,
    );
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        bucket: bucket.id,
        rules: [
          {
            id: "broken-uploads",
            status: "Enabled",
            filter: { prefix: "" },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
          },
          {
            id: "compile-cache",
            status: "Enabled",
            filter: { prefix: "compile-cache/" },
            expiration: { days: COMPILE_CACHE_DAYS },
          },
        ],
      },
      parent,
    );
    new aws.s3.BucketPolicy(
      name,
      { bucket: bucket.id, policy: tlsOnly(bucket.arn) },
      // Two writers of a bucket's access settings at once are answered with a conflict.
      { ...parent, dependsOn: [block] },
    );

    this.bucket = bucket.id;
    this.arn = bucket.arn;
    this.registerOutputs({});
  }
}

function tlsOnly(arn: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, pulumi.interpolate`${arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}

/** Objects under a key prefix. */
interface StoreLocation {
  readonly bucketArn: pulumi.Input<string>;
  readonly prefix: string;
  /** Region of a bucket that the kit did not make, which may be encrypted with a KMS key. */
  readonly kmsRegion?: string;
}

/** What an engine may do: read its own weights, and read and write its own compile cache in the store. */
export function engineStorePolicy(weights: StoreLocation, cache: StoreLocation): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      list("ListWeights", weights.bucketArn, weights.prefix),
      objects("ReadWeights", weights.bucketArn, weights.prefix, ["s3:GetObject"]),
      ...(weights.kmsRegion === undefined ? [] : [decrypt(weights.bucketArn, weights.prefix, weights.kmsRegion)]),
      list("ListCompileCache", cache.bucketArn, cache.prefix),
      objects("CompileCache", cache.bucketArn, cache.prefix, ["s3:GetObject", "s3:PutObject"]),
    ],
  });
}

/** What the copy job may do: write the weights it copies, and see what is there. It reads and deletes nothing. */
export function copyStorePolicy(bucketArn: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      list("ListWeights", bucketArn, "models"),
      objects("CopyWeights", bucketArn, "models", ["s3:PutObject", "s3:AbortMultipartUpload"]),
    ],
  });
}

const list = (Sid: string, Resource: pulumi.Input<string>, prefix: string) => ({
  Sid,
  Effect: "Allow",
  Action: ["s3:ListBucket"],
  Resource,
  Condition: { StringLike: { "s3:prefix": [prefix, `${prefix}/*`] } },
});

const objects = (Sid: string, bucketArn: pulumi.Input<string>, prefix: string, Action: string[]) => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource: pulumi.interpolate`${bucketArn}/${prefix}/*`,
});

/**
 * Any key, for these objects alone and through S3 alone; the key's own policy has the last word. S3 names the object to
 * KMS, or the bucket where it has a bucket key. Source: S3 user guide, server-side encryption with KMS, encryption context.
 */
const decrypt = (bucketArn: pulumi.Input<string>, prefix: string, region: string) => ({
  Sid: "DecryptWeights",
  Effect: "Allow",
  Action: ["kms:Decrypt"],
  Resource: "*",
  Condition: {
    StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` },
    StringLike: { "kms:EncryptionContext:aws:s3:arn": [bucketArn, pulumi.interpolate`${bucketArn}/${prefix}/*`] },
  },
});
