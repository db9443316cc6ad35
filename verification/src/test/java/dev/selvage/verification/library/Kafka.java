package dev.selvage.verification.library;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's client, against its own mocks, or a broker that is not there. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Kafka {
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

  private Kafka() {}

  private static MockProducer<String, String> producer() {
    return new MockProducer<>(false, null, new StringSerializer(), new StringSerializer());
  }

  /** A record that nobody acknowledges, waited for. */
  static void notAcknowledged(Threads threads) {
    threads.go(
        () -> {
          producer().send(new ProducerRecord<>("topic", "value")).get(); // LEAK notAcknowledged
        });
  }

  /** The same, and it may still be. */
  static void notAcknowledgedYet(Threads threads) {
    MockProducer<String, String> producer = producer();
    KEPT.add(producer);
    threads.go(
        () -> {
          producer.send(new ProducerRecord<>("topic", "value")).get(); // LINE notAcknowledgedYet
        });
  }

  /** A consumer hands its records to workers, all of whom have gone. */
  static void workersHaveGone(Threads threads) {
    threads.go(
        () -> {
          var partition = new TopicPartition("topic", 0);
          var consumer = new MockConsumer<String, String>("earliest");
          consumer.assign(List.of(partition));
          consumer.updateBeginningOffsets(Map.of(partition, 0L));
          for (int i = 0; i < 5; i++) {
            consumer.addRecord(new ConsumerRecord<>("topic", 0, i, "key", "value"));
          }
          var work = new ArrayBlockingQueue<ConsumerRecord<String, String>>(3);
          for (var each : consumer.poll(java.time.Duration.ZERO)) {
            work.put(each); // LEAK workersHaveGone
          }
        });
  }

  /** An answer of an administrator's client that never comes. */
  static void neverCompleted(Threads threads) {
    threads.go(
        () -> {
          KafkaFuture<String> answer = new KafkaFutureImpl<>();
          KafkaFuture.allOf(answer).get(); // LEAK neverCompleted
        });
  }

  /** Waits for a broker that may come, for an hour at most. */
  static void brokerIsDown(Threads threads) {
    var producer =
        new KafkaProducer<String, String>(
            Map.of(
                "bootstrap.servers",
                "127.0.0.1:1",
                "max.block.ms",
                "3600000",
                "key.serializer",
                StringSerializer.class.getName(),
                "value.serializer",
                StringSerializer.class.getName()));
    KEPT.add(producer);
    threads.go(
        () -> {
          producer.send(new ProducerRecord<>("topic", "value")); // LINE brokerIsDown
        });
  }
}
