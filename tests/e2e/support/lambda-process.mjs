// A process of one function, as Lambda starts it: it gets events from its parent, one by one.
const { handler } = await import(process.argv[2]);
let turn = Promise.resolve();
process.on('message', ({ id, event, milliseconds }) => {
  turn = turn.then(async () => {
    const end = Date.now() + milliseconds;
    const context = {
      awsRequestId: String(id),
      functionName: 'function',
      functionVersion: '$LATEST',
      getRemainingTimeInMillis: () => end - Date.now(),
    };
    try {
      process.send({ id, result: await handler(event, context) });
    } catch (error) {
      process.send({ id, problem: String(error?.message) });
    }
  });
});
process.send('started');
