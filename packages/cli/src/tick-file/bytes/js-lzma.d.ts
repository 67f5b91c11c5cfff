/** What is used of js-lzma, which comes without types. */
declare module "js-lzma" {
  interface Input {
    readByte(): number;
  }
  interface Output {
    /** Of a byte, the lower eight bits count. */
    writeByte(value: number): void;
  }
  const LZMA: {
    /**
     * @param properties the first five bytes of the file
     * @param size bytes that come out; -1 when an end marker says where it ends
     * @throws string at data that is none
     */
    decompress(properties: Input, input: Input, output: Output, size: number): true;
  };
  export default LZMA;
}
