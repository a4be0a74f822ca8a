/** The bucket of the failure store, where the configuration names one of AWS. */
'use strict';

const { readDeployment } = require('./deployment.ts');

/** Days for which a replaced or deleted object can be restored. */
const RESTORE_DAYS = 30;

/** Only old versions expire: park removes by failures.retentionDays, and never what is open. */
function bucket(name, key) {
  const encryption =
    key === null ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key };
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: name,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: encryption, BucketKeyEnabled: key !== null },
        ],
      },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'old-versions',
            Status: 'Enabled',
            NoncurrentVersionExpiration: { NoncurrentDays: RESTORE_DAYS },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
          { Id: 'delete-markers', Status: 'Enabled', ExpiredObjectDeleteMarker: true },
        ],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    },
  };
}

function bucketPolicy() {
  const bucketArn = { 'Fn::GetAtt': ['FailuresBucket', 'Arn'] };
  return {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: { Ref: 'FailuresBucket' },
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [bucketArn, { 'Fn::Join': ['/', [bucketArn, '*']] }],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    },
  };
}

module.exports = () => {
  const { failures, key } = readDeployment(process.env);
  if (failures === null) return { Resources: {} };
  return {
    Resources: {
      FailuresBucket: bucket(failures.bucket, key),
      FailuresBucketPolicy: bucketPolicy(),
    },
  };
};
