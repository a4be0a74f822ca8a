/** The bucket of the failure store, where the configuration names one of AWS. */
'use strict';

const { settings } = require('./settings.cjs');

/** No lifecycle: park forgets by failures.retentionDays, and never what is open. */
function bucket(name) {
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: name,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
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

module.exports = () => {
  const { failures } = settings(process.env);
  return { Resources: failures === null ? {} : { FailuresBucket: bucket(failures.bucket) } };
};
